using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Relay.Tls;

namespace Relay.Delivery.Transport;

/// <summary>
/// How TLS is spoken to MX hosts. Verification is always performed and never ends the handshake: whether its verdict
/// decides is the transport's question.
/// </summary>
internal sealed class TlsClientPolicy(IOptions<DeliveryOptions> options, TimeProvider clock)
{
    private readonly WebPkiVerifier _verifier = new(TrustedRoots.Read(options.Value.TrustedRootsFile), clock);

    /// <summary>The options of one handshake.</summary>
    /// <param name="host">The host, whose name is asked for and must be borne.</param>
    /// <param name="onVerdict">Gets the verdict during the handshake.</param>
    public SslClientAuthenticationOptions For(MxHost host, Action<CertificateVerdict> onVerdict) => new()
    {
        // RFC 6066 §3: SNI is a DNS name, never an address; DomainName carries no trailing dot.
        TargetHost = host.Name.Value,
        // RFC 8996 §4, §5: TLS 1.0 and 1.1 are gone. RFC 9325 §3.1.1: 1.2 is required, 1.3 preferred.
#pragma warning disable CA5398 // The system's choice may include the versions that RFC 8996 forbids.
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
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
}
