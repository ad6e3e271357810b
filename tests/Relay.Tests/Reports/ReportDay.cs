using System.Globalization;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;
using Relay.Tests.Enforcement;
using Relay.TlsRpt.Sending;

namespace Relay.Tests.Reports;

/// <summary>
/// The 22nd of November from eight in the morning, with domains of every sort that ask for reports: by mail to a collector, by
/// mail to a domain whose own certificate its policy forbids, and by HTTPS.
/// </summary>
internal sealed class ReportDay : IAsyncDisposable
{
    public const string Endpoint = "reports.test";
    public const string FirstPolicy = "version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 604800\n";
    public const string SecondPolicy = "version: STSv1\nmode: enforce\nmx: mx.good.test\nmx: *.backup.test\nmax_age: 604800\n";
    public const string FailingPolicy = "version: STSv1\nmode: enforce\nmx: mx.failing.test\nmax_age: 604800\n";
    public const string TestingPolicy = "version: STSv1\nmode: testing\nmx: mx.testing.test\nmax_age: 604800\n";

    public ReportDay()
    {
        Lab.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero));
        Good = Add("good.test", Lab.Good("mx.good.test"), $"mailto:tls@collector.test,https://{Endpoint}:{Lab.Web.EndPoint.Port}/good");
        Failing = Add(
            "failing.test",
            PolicyLab.With("mx.failing.test", Lab.Authority.IssueExpired("mx.failing.test")),
            "mailto:tls@failing.test");
        Testing = Add(
            "testing.test",
            PolicyLab.With("mx.testing.test", Lab.Authority.Issue("other.test")),
            $"https://{Endpoint}:{Lab.Web.EndPoint.Port}/testing");
        Plain = Add("plain.test", Lab.Good("mx.plain.test"), "mailto:tls@collector.test");
        Clear = Add("clear.test", Lab.Good("mx.clear.test") with { OffersStartTls = false }, "mailto:tls@collector.test");
        Announced = Add("announced.test", Lab.Good("mx.announced.test"), "mailto:tls@collector.test");
        Silent = Add("silent.test", Lab.Good("mx.silent.test"), null);
        Collector = Add("collector.test", Lab.Good("mx.collector.test"), null);
        Lab.Publish("good.test", "1", FirstPolicy);
        Lab.Publish("failing.test", "1", FailingPolicy);
        Lab.Publish("testing.test", "1", TestingPolicy);
        Lab.Publish("announced.test", "1", FirstPolicy);
        Lab.Web.Play("mta-sts.announced.test", new PolicyHostScript { Certificate = Lab.Authority.Issue("mta-sts.announced.test"), Status = 404 });
        Lab.Dns.Zone.AddA(Endpoint, "127.0.0.1");
        Lab.Web.Play(Endpoint, new PolicyHostScript { Certificate = Lab.Authority.Issue(Endpoint), Status = 201 });
        KeyFile = Path.Combine(Lab.DataDirectory, "rpt1.pem");
        SigningKey.Create().Save(KeyFile);
    }

    public PolicyLab Lab { get; } = new();

    public LabMx Good { get; }

    public LabMx Failing { get; }

    public LabMx Testing { get; }

    public LabMx Plain { get; }

    public LabMx Clear { get; }

    public LabMx Announced { get; }

    public LabMx Silent { get; }

    public LabMx Collector { get; }

    public string KeyFile { get; }

    public Task<RelayUnderTest> StartRelayAsync() => Lab.StartRelayAsync(
        ("Queue:RetrySchedule:0", "1.00:00:00"),
        ("TlsRpt:OrganizationName", "Relay of the Lab"),
        ("TlsRpt:Contact", "tls@relay.test"),
        ("TlsRpt:From", "bounces@relay.test"),
        ("TlsRpt:AllowPrivateHosts", "true"),
        ("TlsRpt:Dkim:Selector", "rpt1"),
        ("TlsRpt:Dkim:KeyFile", KeyFile));

    /// <summary>Moves to this hour of the day that began at midnight before the test.</summary>
    public void AdvanceTo(double hour)
    {
        var midnight = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
        Lab.Clock.Advance(midnight.AddHours(hour) - Lab.Clock.GetUtcNow());
    }

    /// <summary>The report on a domain that the endpoint was sent.</summary>
    public IReadOnlyList<ArrivedReport> PostsTo(string path) =>
        [.. Lab.Web.Requests.Where(request => request.ServerName == Endpoint && request.Path == path).Select(request =>
        {
            Assert.Equal(("POST", "application/tlsrpt+gzip"), (request.Method, request.Headers["Content-Type"]));
            Assert.False(request.Headers.ContainsKey("Content-Encoding"));
            return ArrivedReport.OfPost(request.Body);
        })];

    /// <summary>Hands a message over and sees it to the end of its first attempt.</summary>
    public static async Task SendAsync(RelayUnderTest relay, string fate, params string[] recipients)
    {
        foreach (var recipient in recipients)
        {
            var line = await PolicyLab.SendAndSeeAsync(relay, recipient);
            Assert.True(PolicyLab.EventOf(line) == fate, string.Create(CultureInfo.InvariantCulture, $"not {fate}: {line}"));
        }
    }

    public ValueTask DisposeAsync() => Lab.DisposeAsync();

    private LabMx Add(string domain, MxBehavior behavior, string? rua)
    {
        var mx = Lab.AddMx(behavior);
        Lab.Point($"mx.{domain}", mx);
        Lab.SetMx(domain, $"mx.{domain}");
        if (rua is not null)
        {
            Lab.Dns.Zone.AddTxt($"_smtp._tls.{domain}", $"v=TLSRPTv1; rua={rua};");
        }

        return mx;
    }
}
