using System.Globalization;
using System.Security.Authentication;
using Relay.Delivery;
using Relay.Delivery.Probing;
using Relay.Tls;

namespace Relay.Diagnosis;

/// <summary>The session with one address of an MX host: connection, STARTTLS, handshake, certificate.</summary>
internal static class SessionCheck
{
    /// <summary>Adds the steps of a session.</summary>
    /// <param name="steps">Gets them.</param>
    /// <param name="host">The host.</param>
    /// <param name="session">What the probe found.</param>
    /// <param name="isReachable">Some address of the host takes sessions, so that a dead one costs a sender only time.</param>
    /// <param name="isBinding">TLS faults keep mail away.</param>
    public static void AddTo(List<CheckStep> steps, MxHost host, ProbedSession session, bool isReachable, bool isBinding)
    {
        if (!session.IsGreeted)
        {
            steps.Add(new(
                "connect",
                isReachable ? StepStatus.Advice : StepStatus.Failed,
                $"{session.Address}: {session.Detail}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Make the host answer on port {host.Port}; if it does for others, see whether this network lets port {host.Port} out")));
            return;
        }

        steps.Add(CheckStep.Passed("connect", $"{session.Address}: answers as \"{session.PeerHelloName}\""));
        var fault = isBinding ? StepStatus.Failed : StepStatus.Advice;
        if (session.Tls is not { } tls)
        {
            steps.Add(NoTls(session, fault));
            return;
        }

        steps.Add(CheckStep.Passed("starttls", "offered"));
        steps.Add(CheckStep.Passed("handshake", $"{NameOf(tls.Version)} {tls.CipherSuite}"));
        steps.Add(Certificate(host, session, tls.Verdict, fault));
        if (session.Detail.Length > 0)
        {
            steps.Add(new("session", fault, $"inside TLS: {session.Detail}", "Make the host answer EHLO after STARTTLS as before it"));
        }
    }

    private static CheckStep NoTls(ProbedSession session, StepStatus fault) => session.Result switch
    {
        TlsSessionResult.StartTlsNotOffered => new(
            "starttls",
            fault,
            $"{session.Address}: STARTTLS is not offered",
            "Give the host a certificate and switch STARTTLS on; look for a firewall that removes it"),
        TlsSessionResult.StartTlsRefused => new(
            "starttls", fault, $"{session.Address}: STARTTLS is offered and then refused: {session.Detail}", "Mend the host's TLS set-up; its log tells more"),
        TlsSessionResult.PlaintextInjected => new(
            "starttls",
            fault,
            $"{session.Address}: {session.Detail}",
            "Update the mail server: it, or somebody on the way, mixes clear text into the handshake"),
        _ => new(
            "handshake", fault, $"{session.Address}: the handshake failed: {session.Detail}", "Offer TLS 1.2 or 1.3 with modern cipher suites")
        {
            Certificate = session.Certificate,
        },
    };

    private static CheckStep Certificate(MxHost host, ProbedSession session, CertificateVerdict verdict, StepStatus fault) =>
        verdict.IsVerified
            ? CheckStep.Passed("certificate", $"valid for {host}") with { Certificate = session.Certificate }
            : new CheckStep("certificate", fault, $"{session.Address}: not valid for {host}: {verdict.Detail}", CertificateRemedies.For($"{host}", verdict))
            {
                Certificate = session.Certificate,
            };

    private static string NameOf(SslProtocols version) => version == SslProtocols.Tls13 ? "TLSv1.3" : "TLSv1.2";
}
