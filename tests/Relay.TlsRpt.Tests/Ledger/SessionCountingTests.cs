using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.Tls;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Ledger;

public sealed class SessionCountingTests
{
    private const string Domain = "example.test";

    private static readonly TlsFacts Expired = new(
        SslProtocols.Tls13, TlsCipherSuite.TLS_AES_128_GCM_SHA256, new CertificateVerdict(CertificateFaults.Expired, "expired yesterday"));

    [Fact] // RPT-09, RFC 8460 §4.2.1: where no plugin judged, TLS is all one can ask for, whatever the certificate
    public async Task Session_NobodyJudged_IsCountedUnderNoPolicyFound()
    {
        await using var lab = ReportLab.Start();
        await DeliverAsync(lab, Attempt(), Session(TlsSessionResult.Established, Expired), Session(TlsSessionResult.StartTlsNotOffered, null));

        var counts = Assert.Single(lab.Queries.Counts(lab.Day, Names.Name(Domain)).Policies);
        Assert.Equal(("no-policy-found", 1L, 1L), (counts.Type, counts.Succeeded, counts.Failed));
        Assert.Equal("starttls-not-supported", Assert.Single(counts.Failures).Failure.Type);
    }

    [Fact] // RPT-10, RPT-18: each policy that judged counts the session with its own result
    public async Task Session_JudgedByTwoPolicies_IsCountedUnderEach()
    {
        await using var lab = ReportLab.Start();
        var session = Session(TlsSessionResult.Established, Expired);
        session.Judge(ReportLab.Policy(ReportLab.PolicyText("enforce", 86_400, "mx.example.test")), [new(TlsResultType.CertificateExpired, string.Empty)]);
        session.Judge(ReportLab.Policy(ReportLab.PolicyText("testing", 86_400, "mx.example.test")), []);
        await DeliverAsync(lab, Attempt(), session);

        var counts = lab.Queries.Counts(lab.Day, Names.Name(Domain)).Policies;
        Assert.Equal([(0L, 1L), (1L, 0L)], counts.Select(policy => (policy.Succeeded, policy.Failed)).Order());
    }

    [Fact] // RFC 8460 §4.2: sessions are counted, not messages
    public async Task Session_ServesAgain_IsNotCounted()
    {
        await using var lab = ReportLab.Start();
        await DeliverAsync(lab, Attempt(), Session(TlsSessionResult.Established, Expired) with { IsFirstUse = false });
        Assert.Empty(lab.Queries.Counts(lab.Day, Names.Name(Domain)).Policies);
    }

    [Fact] // RPT-19, RPT-45, RFC 8460 §3, §5.3.1: mail that carries a report is not counted
    public async Task ReportMail_IsNotCounted()
    {
        await using var lab = ReportLab.Start();
        await DeliverAsync(lab, Attempt(isReport: true), Session(TlsSessionResult.StartTlsNotOffered, null));
        Assert.Empty(lab.Queries.Counts(lab.Day, Names.Name(Domain)).Policies);
    }

    private static async Task DeliverAsync(ReportLab lab, DeliveryAttempt attempt, params TlsSessionRecord[] sessions)
    {
        await lab.Counting.InvokeAsync(
            attempt,
            (tried, _) =>
            {
                Array.ForEach(sessions, tried.Sessions.Add);
                return Task.CompletedTask;
            },
            ReportLab.Token);
        lab.Ledger.Flush();
    }

    private static DeliveryAttempt Attempt(bool isReport = false) => new()
    {
        QueueId = "Q1",
        Destination = MailDomain.Of(Domain),
        PolicyDomain = Names.Name(Domain),
        Mail = null!,
        Recipients = [new AttemptRecipient(null!)],
        Content = null!,
        IsFinal = false,
        IsTlsReport = isReport,
    };

    private static TlsSessionRecord Session(TlsSessionResult result, TlsFacts? tls) => new()
    {
        Host = new MxHost(Names.Name("mx.example.test"), 10, 25),
        Result = result,
        Tls = tls,
        RemoteAddress = IPAddress.Loopback,
        LocalAddress = IPAddress.Loopback,
        SatisfiesRequirement = true,
        IsFirstUse = true,
        Time = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero),
    };
}
