using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Relay.Delivery.Addressing;
using Relay.Delivery.Transport;
using Relay.Smtp.Client;
using Relay.Tls;

namespace Relay.Delivery.Probing;

/// <summary>
/// Goes the way of delivery up to where MAIL would follow: the same addresses, connections, handshake and verdict. Nothing is
/// remembered from earlier failures, and somebody waits for the answer, so the time limits are shorter than delivery's.
/// </summary>
internal sealed class MxProbe(
    AddressLookup addresses, Dialer dialer, TlsClientPolicy tlsPolicy, DeliveryIdentity identity, TimeProvider clock) : IMxProbe
{
    // Both families twice; a remote party's zone does not get us to knock at a hundred doors.
    private const int MaxAddresses = 4;

    // RFC 5321 §4.5.3.2, departure: the RFC's five minutes protect mail from being given up; no mail is at stake here.
    private static readonly SmtpTimeouts Limits = new()
    {
        Greeting = TimeSpan.FromSeconds(60),
        Hello = TimeSpan.FromSeconds(60),
        Handshake = TimeSpan.FromSeconds(30),
    };

    public async Task<MxProbeResult> ProbeAsync(MxHost host, CancellationToken cancellationToken)
    {
        var found = await addresses.FindAsync(host, cancellationToken);
        return found.Failure is { } failure
            ? new([], failure)
            : new(
                await Task.WhenAll(found.Addresses.Take(MaxAddresses).Select(address => ConnectAsync(host, address, cancellationToken))),
                null);
    }

    private async Task<ProbedSession> ConnectAsync(MxHost host, IPAddress address, CancellationToken cancellationToken)
    {
        var dialed = await dialer.ConnectAsync(new IPEndPoint(address, host.Port), cancellationToken);
        if (dialed.Socket is not { } socket)
        {
            return new ProbedSession(address) { Detail = dialed.Detail };
        }

#pragma warning disable CA2000 // The session owns the stream, the stream the socket.
        await using var session = new SmtpClientSession(
            new NetworkStream(socket, ownsSocket: true), identity.HostName, Limits, clock);
#pragma warning restore CA2000
        var probed = await TalkAsync(session, host, address, cancellationToken);
        if (session.Fault is null)
        {
            await session.QuitAsync(cancellationToken);
        }

        return probed;
    }

    private async Task<ProbedSession> TalkAsync(
        SmtpClientSession session, MxHost host, IPAddress address, CancellationToken cancellationToken)
    {
        var opened = await session.OpenAsync(cancellationToken);
        var probed = new ProbedSession(address) { IsGreeted = opened.Succeeded, PeerHelloName = session.PeerHelloName };
        if (!opened.Succeeded)
        {
            return probed with { Detail = Describe(opened) };
        }

        return session.Capabilities.StartTls
            ? await StartTlsAsync(session, host, probed, cancellationToken)
            : probed with { Result = TlsSessionResult.StartTlsNotOffered, Detail = "STARTTLS is not offered" };
    }

    private async Task<ProbedSession> StartTlsAsync(
        SmtpClientSession session, MxHost host, ProbedSession probed, CancellationToken cancellationToken)
    {
        CertificateVerdict? verdict = null;
        CertificateFacts? shown = null;
        var options = tlsPolicy.For(host, TlsOffer.Sound, formed => verdict = formed);
        var judge = options.RemoteCertificateValidationCallback!;
        options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
        {
            shown = certificate is X509Certificate2 leaf ? CertificateFacts.Of(leaf, chain) : null;
            return judge(sender, certificate, chain, errors);
        };
        var step = await session.StartTlsAsync(options, cancellationToken);
        probed = probed with { Certificate = shown, Detail = step.Succeeded ? string.Empty : Describe(step) };
        if (session.Tls is { } tls && verdict is not null && step.Fault?.Kind != SessionFaultKind.HandshakeFailed)
        {
            return probed with
            {
                Result = TlsSessionResult.Established,
                Tls = new TlsFacts(tls.SslProtocol, tls.NegotiatedCipherSuite, verdict),
            };
        }

        return probed with
        {
            Result = step.Fault?.Kind switch
            {
                null => TlsSessionResult.StartTlsRefused,
                SessionFaultKind.PlaintextInjected => TlsSessionResult.PlaintextInjected,
                _ => TlsSessionResult.HandshakeFailed,
            },
        };
    }

    private static string Describe(in StepResult step) => step.Fault?.Detail ?? $"{step.Reply}";
}
