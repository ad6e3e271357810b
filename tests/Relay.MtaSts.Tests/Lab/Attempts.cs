using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Relay.Delivery;
using Relay.Mail;
using Relay.Tls;

namespace Relay.MtaSts.Tests.Lab;

/// <summary>Attempts, and a step that stands for the transport: it tries the hosts as the real one does, without sockets.</summary>
internal static class Attempts
{
    public static readonly TlsFacts Good = new(SslProtocols.Tls13, TlsCipherSuite.TLS_AES_128_GCM_SHA256, CertificateVerdict.Verified);

    public static TlsFacts Bad(CertificateFaults faults, string reason = "") => Good with
    {
        Verdict = new CertificateVerdict(faults, "what is wrong") { Reason = reason },
    };

    public static DeliveryAttempt To(string domain, params string[] hosts) => To(domain, isFinal: false, hosts);

    public static DeliveryAttempt To(string domain, bool isFinal, params string[] hosts) => Make(domain, isFinal, isReport: false, hosts);

    public static DeliveryAttempt ReportTo(string domain, params string[] hosts) => Make(domain, isFinal: false, isReport: true, hosts);

    private static DeliveryAttempt Make(string domain, bool isFinal, bool isReport, string[] hosts) => new()
    {
        QueueId = "Q1",
        Destination = MailDomain.Of(domain),
        PolicyDomain = StsLab.Name(domain),
        Mail = null!,
        Recipients = [new AttemptRecipient(null!), new AttemptRecipient(null!)],
        Content = null!,
        IsFinal = isFinal,
        IsTlsReport = isReport,
        Hosts = [.. hosts.Select((host, index) => new MxHost(StsLab.Name(host), index, 25))],
    };

    /// <summary>Tries each host that is not refused, until one satisfies its requirement.</summary>
    public static DeliveryStep Transport(Func<MxHost, (TlsSessionResult Result, TlsFacts? Tls, string Reason)> meets, bool isFirstUse = true) =>
        (attempt, _) =>
        {
            foreach (var host in attempt.Hosts.Where(host => host.Refusal is null))
            {
                var (result, tls, reason) = meets(host);
                var satisfies = result != TlsSessionResult.PlaintextInjected
                    && (host.Requirement != TlsRequirement.VerifiedPkix || tls is { Verdict.IsVerified: true });
                attempt.Sessions.Add(new TlsSessionRecord
                {
                    Host = host,
                    Result = result,
                    Tls = tls,
                    Reason = reason,
                    RemoteAddress = IPAddress.Loopback,
                    LocalAddress = IPAddress.Loopback,
                    SatisfiesRequirement = satisfies,
                    IsFirstUse = isFirstUse,
                    Time = DateTimeOffset.UnixEpoch,
                });
                if (satisfies)
                {
                    attempt.SettleRemaining(new DeliveryOutcome.Delivered(
                        new Reply(250, new(2, 0, 0), "Ok"), new HopFacts(host.ToString(), IPAddress.Loopback, tls)));
                    return Task.CompletedTask;
                }
            }

            // What the transport itself would say of a refused STARTTLS; the policy has to make it transient.
            attempt.SettleRemaining(new DeliveryOutcome.Bounced(new DeliveryFailure("tls-failed", new(5, 7, 4), "no host")));
            return Task.CompletedTask;
        };
}
