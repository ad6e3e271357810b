using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Relay.Smtp.Client;
using Relay.Tls;

namespace Relay.Delivery.Transport;

/// <summary>
/// How TLS is spoken to MX hosts. Verification is always performed and never ends the handshake: whether its verdict
/// decides is the transport's question.
/// </summary>
internal sealed class TlsClientPolicy(IOptions<DeliveryOptions> options, TimeProvider clock)
{
    private readonly WebPkiVerifier _verifier = new(TrustedRoots.Read(options.Value.TrustedRootsFile), clock);

    /// <summary>What is offered to a host of which nothing is demanded after its first handshake failed.</summary>
    public TlsOffer Lenient { get; } = TlsOffer.Lenient(options.Value.AllowTls10);

    /// <summary>The options of one handshake.</summary>
    /// <param name="host">The host, whose name is asked for and must be borne.</param>
    /// <param name="offer">What is offered to it.</param>
    /// <param name="onVerdict">Gets the verdict during the handshake.</param>
    public SslClientAuthenticationOptions For(MxHost host, TlsOffer offer, Action<CertificateVerdict> onVerdict)
    {
        var handshake = new SslClientAuthenticationOptions
        {
            // RFC 6066 §3: SNI is a DNS name, never an address; DomainName carries no trailing dot.
            TargetHost = host.Name.Value,
            // RFC 8461 §10.5: revocation is optional; an online check would let a third party stall mail.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = _verifier.ChainPolicy(),
            // HARD-14, RFC 3207 §4.1: a resumed session shows no certificate chain of its own, so that what it proves would
            // rest on an older connection with other needs. Pooled connections save more handshakes than resumption would.
            AllowTlsResume = false,
#pragma warning disable CA5359 // RFC 7435 §3: any certificate is better than clear; the transport acts on the verdict.
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                onVerdict(CertificateJudge.Judge(certificate as X509Certificate2, chain, host.Name, clock.GetUtcNow()));
                return true;
            },
#pragma warning restore CA5359
        };
        offer.ApplyTo(handshake);
        return handshake;
    }

    /// <summary>STARTTLS and the handshake; what they gave is on the connection then, or tells why there is none.</summary>
    public async Task<TlsUpgrade> UpgradeAsync(
        HostConnection connection, MxHost host, TlsOffer offer, CancellationToken cancellationToken)
    {
        CertificateVerdict? verdict = null;
        var step = await connection.Session.StartTlsAsync(For(host, offer, formed => verdict = formed), cancellationToken);
        connection.Time = clock.GetUtcNow();
        // A late alert of TLS 1.3 arrives where EHLO's reply was due and undoes the handshake.
        if (step.Fault is { } fault && (verdict is null
            || fault.Kind is SessionFaultKind.HandshakeFailed or SessionFaultKind.PlaintextInjected))
        {
            return new(step, fault);
        }

        if (connection.Session.Tls is { } tls && verdict is not null)
        {
            connection.Tls = new TlsFacts(tls.SslProtocol, tls.NegotiatedCipherSuite, verdict);
            connection.PeerHelloName = step.Succeeded ? connection.Session.PeerHelloName : connection.PeerHelloName;
        }

        return new(step, null);
    }
}
