using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Relay.Lab.Mx;
using Relay.Tests.Enforcement;
using Relay.TlsRpt;

namespace Relay.Tests.Reports;

/// <summary>One day of mail through the whole program, and what its receivers read about it the next morning.</summary>
public sealed class DayOfMailTests : IAsyncLifetime
{
    private static readonly DateOnly Today = new(2026, 11, 22);

    private readonly ReportDay _day = new();

    private static CancellationToken Cancel => PolicyLab.Token;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _day.DisposeAsync();

    // RPT-01, RPT-05, RPT-20, RPT-07, RPT-09, RPT-10, RPT-11, RPT-12, RPT-19, RPT-22, RPT-25, RPT-29, RPT-33 to RPT-40, RPT-45 to
    // RPT-47, RPT-52
    [Fact]
    public async Task Day_OfMail_IsReportedTruthfully()
    {
        int morning;
        List<string> queueIds;
        await using (var relay = await _day.StartRelayAsync())
        {
            await MorningAsync(relay);
            morning = _day.Good.Connections.Count;
            _day.AdvanceTo(12);
            _day.Lab.Publish("good.test", "2", ReportDay.SecondPolicy);
            await ReportDay.SendAsync(relay, "delivered", "noon1@good.test", "noon2@good.test");
            _day.AdvanceTo(15);
        }

        await using (var relay = await _day.StartRelayAsync())
        {
            await AfternoonAsync(relay);
            _day.AdvanceTo(23.9);
            queueIds = [.. relay.Log.Of("received").Select(QueueIdOf)];
        }

        AssertNothingOfMessagesIsKept(queueIds);

        // What really happened, by the word of the hosts.
        var sessions = (
            Morning: morning, Good: _day.Good.Connections.Count, Failing: _day.Failing.Connections.Count,
            Testing: _day.Testing.Connections.Count, Plain: _day.Plain.Connections.Count, Clear: _day.Clear.Connections.Count,
            Announced: _day.Announced.Connections.Count);
        Assert.All([sessions.Morning, sessions.Failing, sessions.Testing, sessions.Plain, sessions.Clear, sessions.Announced], count => Assert.NotEqual(0, count));
        Assert.NotEqual(sessions.Morning, sessions.Good);
        Assert.Empty(_day.Collector.Connections);

        // Nobody was there at midnight.
        _day.AdvanceTo(28.1);
        await using var last = await _day.StartRelayAsync();
        await MorningAfterAsync(last);
        var good = Report(
            Sts("good.test", ReportDay.FirstPolicy, ["mx.good.test"], sessions.Morning, 0),
            Sts("good.test", ReportDay.SecondPolicy, ["mx.good.test", "*.backup.test"], sessions.Good - sessions.Morning, 0));
        AssertEqual(good, await MailedAsync("good.test", _day.Collector, 4));
        AssertEqual(good, Assert.Single(_day.PostsTo("/good")));
        AssertEqual(
            Report(Sts("testing.test", ReportDay.TestingPolicy, ["mx.testing.test"], 0, sessions.Testing,
                Failure("certificate-host-mismatch", _day.Testing, "mx.testing.test", sessions.Testing))),
            Assert.Single(_day.PostsTo("/testing")));
        AssertEqual(Report(NoPolicy("plain.test", sessions.Plain, 0)), await MailedAsync("plain.test", _day.Collector, 4));
        AssertEqual(
            Report(NotToBeHad("announced.test", sessions.Announced, "http-status-404")), await MailedAsync("announced.test", _day.Collector, 4));
        AssertEqual(
            Report(NoPolicy("clear.test", 0, sessions.Clear, Failure("starttls-not-supported", _day.Clear, "mx.clear.test", sessions.Clear, "starttls-not-offered"))),
            await MailedAsync("clear.test", _day.Collector, 4));

        // RFC 8460 §3: the report on a broken certificate reaches the host that has it.
        AssertEqual(
            Report(Sts("failing.test", ReportDay.FailingPolicy, ["mx.failing.test"], 0, sessions.Failing,
                Failure("certificate-expired", _day.Failing, "mx.failing.test", sessions.Failing))),
            await MailedAsync("failing.test", _day.Failing, 1));
        AssertNothingElse(last);
    }

    // RPT-20, RFC 8460 §8: hosts and counts, and nothing of senders, recipients and messages.
    private void AssertNothingOfMessagesIsKept(List<string> queueIds)
    {
        var kept = string.Concat(Directory.GetFiles(_day.Lab.DataDirectory, "reports.db*").Select(file => File.ReadAllText(file, Encoding.Latin1)));
        Assert.Contains("mx.failing.test", kept, StringComparison.Ordinal);
        Assert.NotEmpty(queueIds);
        Assert.All(
            [.. queueIds, "app@", "corp.test", "a@good", "z@good", "noon1", "Subject", "body"],
            text => Assert.DoesNotContain(text, kept, StringComparison.OrdinalIgnoreCase));
    }

    private static string QueueIdOf(string line)
    {
        var start = line.IndexOf(" queue=", StringComparison.Ordinal) + " queue=".Length;
        return line[start..line.IndexOf(' ', start)];
    }

    private static async Task MorningAsync(RelayUnderTest relay)
    {
        await ReportDay.SendAsync(relay, "delivered", "a@good.test", "b@good.test", "c@good.test", "a@plain.test", "a@clear.test");
        await ReportDay.SendAsync(relay, "delivered", "a@testing.test", "a@silent.test", "a@announced.test");
        await ReportDay.SendAsync(relay, "deferred", "a@failing.test");
    }

    private async Task AfternoonAsync(RelayUnderTest relay)
    {
        _day.AdvanceTo(16);
        await ReportDay.SendAsync(relay, "delivered", "z@good.test", "z@plain.test", "z@clear.test", "z@testing.test");
        await ReportDay.SendAsync(relay, "deferred", "z@failing.test");
    }

    // All are due within the four hours of jitter.
    private static async Task MorningAfterAsync(RelayUnderTest relay)
    {
        foreach (var rua in (string[])["domain=announced.test", "domain=plain.test", "domain=clear.test", "domain=testing.test", "domain=failing.test"])
        {
            Assert.Contains(rua, await SentLineAsync(relay, rua), StringComparison.Ordinal);
        }

        await SentLineAsync(relay, "rua=https://reports.test:");
        await SentLineAsync(relay, "domain=good.test day=2026-11-22 rua=mailto:");
    }

    private static Task<string> SentLineAsync(RelayUnderTest relay, string part) => PolicyLab.LineAsync(
        relay, line => PolicyLab.EventOf(line) == "report-sent" && line.Contains(part, StringComparison.Ordinal));

    private static async Task<ArrivedReport> MailedAsync(string domain, LabMx mx, int messages)
    {
        await mx.WaitForMessagesAsync(messages, Cancel);
        var mail = Assert.Single(mx.Messages, message => message.Text.Contains($"\r\nTLS-Report-Domain: {domain}\r\n", StringComparison.Ordinal));
        Assert.Equal("bounces@relay.test", mail.ReversePath);
        var report = ArrivedReport.OfMail(mail.Text);

        // RFC 8460 §5.6: all places agree.
        Assert.Equal(("relay.test", "No", "auto-generated", "<" + report.Id + ">"), (
            report.Header["TLS-Report-Submitter"],
            report.Header["TLS-Required"],
            report.Header["Auto-Submitted"],
            report.Header["Subject"][report.Header["Subject"].IndexOf('<', StringComparison.Ordinal)..]));
        Assert.Equal($"Report Domain: {domain} Submitter: relay.test Report-ID: <{report.Id}>", report.Header["Subject"]);
        Assert.Matches($"^relay\\.test!{domain}!1795305600!1795391999![0-9a-z]+\\.json\\.gz$", report.FileName);
        Assert.StartsWith($"20261122.{domain}.", report.Id, StringComparison.Ordinal);
        return report;
    }

    private void AssertNothingElse(RelayUnderTest relay)
    {
        var reports = relay.Services.GetRequiredService<TlsReports>();
        Assert.Equal(
            ["announced.test accepted", "clear.test accepted", "failing.test accepted", "good.test accepted", "good.test accepted", "plain.test accepted",
                "silent.test not-wanted", "testing.test accepted"],
            reports.List(Today, null, 100).Select(entry => $"{entry.Domain} {entry.State}"));

        // RFC 8460 §3: mail that carries reports was not counted, neither at the collector nor at the domain reported on.
        Assert.Empty(reports.List(Today.AddDays(1), null, 100));
        Assert.Equal((4, 1, 2), (_day.Collector.Messages.Count, _day.Failing.Messages.Count, _day.Lab.Web.Count(ReportDay.Endpoint)));
        Assert.DoesNotContain(_day.Lab.Dns.Queries.All, query => query.Name.Contains("_tls.collector.test", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(relay.Log.Of("report-failed"));
        Assert.Empty(relay.Log.Of("report-endpoint-unverified"));
    }

    private static JsonObject Report(params JsonNode[] policies) => new()
    {
        ["organization-name"] = "Relay of the Lab",
        ["date-range"] = new JsonObject { ["start-datetime"] = "2026-11-22T00:00:00Z", ["end-datetime"] = "2026-11-22T23:59:59Z" },
        ["contact-info"] = "tls@relay.test",
        ["report-id"] = string.Empty,
        ["policies"] = new JsonArray(policies),
    };

    private static JsonObject Sts(string domain, string policy, string[] patterns, int succeeded, int failed, params JsonNode[] failures) =>
        Policy(
            new JsonObject
            {
                ["policy-type"] = "sts",
                ["policy-string"] = new JsonArray([.. policy.TrimEnd('\n').Split('\n').Select(line => (JsonNode)line)]),
                ["policy-domain"] = domain,
                ["mx-host"] = new JsonArray([.. patterns.Select(pattern => (JsonNode)pattern)]),
            },
            succeeded,
            failed,
            failures);

    private static JsonObject NoPolicy(string domain, int succeeded, int failed, params JsonNode[] failures) => Policy(
        new JsonObject { ["policy-type"] = "no-policy-found", ["policy-domain"] = domain }, succeeded, failed, failures);

    // RFC 8460 §4.4: announced, so of type sts; its text and hosts nobody knows.
    private static JsonObject NotToBeHad(string domain, int succeeded, string reason) => Policy(
        new JsonObject { ["policy-type"] = "sts", ["policy-string"] = new JsonArray(), ["policy-domain"] = domain },
        succeeded,
        0,
        [new JsonObject { ["result-type"] = "sts-policy-fetch-error", ["failed-session-count"] = 1, ["failure-reason-code"] = reason }]);

    private static JsonObject Policy(JsonObject policy, int succeeded, int failed, JsonNode[] failures)
    {
        var entry = new JsonObject
        {
            ["policy"] = policy,
            ["summary"] = new JsonObject { ["total-successful-session-count"] = succeeded, ["total-failure-session-count"] = failed },
        };
        if (failures.Length > 0)
        {
            entry["failure-details"] = new JsonArray(failures);
        }

        return entry;
    }

    private static JsonObject Failure(string type, LabMx mx, string name, int count, string? reason = null)
    {
        var failure = Failure(type, mx, name);
        failure["failed-session-count"] = count;
        if (reason is not null)
        {
            failure["failure-reason-code"] = reason;
        }

        return failure;
    }

    private static JsonObject Failure(string type, LabMx mx, string name) => new()
    {
        ["result-type"] = type,
        ["sending-mta-ip"] = mx.Connections[0].Remote.Address.ToString(),
        ["receiving-mx-hostname"] = name,
        ["receiving-mx-helo"] = name,
        ["receiving-ip"] = mx.EndPoint.Address.ToString(),
    };

    // The order of the policies is the relay's own business.
    private static void AssertEqual(JsonObject expected, ArrivedReport actual)
    {
        var (wanted, got) = (expected.DeepClone().AsObject(), actual.Json.DeepClone().AsObject());
        wanted["report-id"] = actual.Id;
        Sort(wanted);
        Sort(got);
        Assert.True(JsonNode.DeepEquals(wanted, got), $"expected {wanted.ToJsonString()}\nactual   {got.ToJsonString()}");
    }

    private static void Sort(JsonObject report) => report["policies"] = new JsonArray(
        [.. report["policies"]!.AsArray().Select(policy => policy!.DeepClone()).OrderBy(policy => policy.ToJsonString(), StringComparer.Ordinal)]);
}
