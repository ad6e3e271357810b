using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Sending;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Sending;

/// <summary>What a record may aim reports at (RFC 8460 §7).</summary>
public sealed class ReportDestinationsTests
{
    [Theory] // RPT-53, RPT-54: the word for each that is not used, or its state
    [InlineData("example.test", "mailto:x@[127.0.1.77]", "address-literal")]
    [InlineData("example.test", "mailto:x@[10.0.0.1]", "address-literal")]
    [InlineData("example.test", "mailto:x@[IPv6:2620:fe::fe]", "address-literal")]
    [InlineData("example.test", "mailto:x%40%5B10.0.0.1%5D", "address-literal")]
    [InlineData("example.test", "mailto:root@corp.test", "fixed-route")]
    [InlineData("example.test", "mailto:root@CORP.test.", "")]
    [InlineData("example.test", "mailto:root@a.below.test", "fixed-route")]
    [InlineData("corp.test", "mailto:root@corp.test", "accepted")]
    [InlineData("hop.corp.test", "mailto:root@corp.test", "accepted")]
    [InlineData("a.below.test", "mailto:root@a.below.test", "accepted")]
    [InlineData("b.below.test", "mailto:root@a.below.test", "fixed-route")]
    [InlineData("example.test", "mailto:root@demands.test", "accepted")]
    [InlineData("example.test", "mailto:a@victim.test,mailto:b@victim.test", "accepted,other-organisation")]
    [InlineData("example.test", "mailto:a@one.test,mailto:a@two.test,mailto:a@example.test", "accepted,other-organisation,accepted")]
    [InlineData("example.test", "mailto:a@victim.test?subject=1,mailto:a@victim.test?subject=2", "accepted,repeated")]
    [InlineData("example.test", "mailto:a@example.test,mailto:A+1@example.test", "accepted,repeated")]
    [InlineData("example.test", "mailto:a@sub.example.test,mailto:b@example.test,mailto:c@sub.example.test", "accepted,accepted,accepted")]
    [InlineData("mail.example.test", "mailto:a@example.test,mailto:b@example.test", "accepted,accepted")]
    [InlineData("a.example.test", "mailto:a@b.example.test,mailto:b@b.example.test", "accepted,other-organisation")]
    [InlineData("one.test", "mailto:a@test,mailto:b@test", "accepted,other-organisation")]
    [InlineData("test", "mailto:a@one.test,mailto:b@two.test", "accepted,other-organisation")]
    [InlineData("example.test", "mailto:a@notexample.test,mailto:b@notexample.test", "accepted,other-organisation")]
    [InlineData("example.test", "https://reports.example.net:25/in", "port")]
    [InlineData("example.test", "https://reports.example.net:1023/in", "port")]
    [InlineData("example.test", "https://reports.example.net:0/in", "port")]
    [InlineData("example.test", "https://reports.example.net:443/in,https://reports.example.net:1024/in", "accepted,accepted")]
    public async Task Destination_ThatTheRecordMayNotChoose_IsNotUsedAndSaysWhy(string domain, string rua, string expected)
    {
        await using var lab = ReportLab.Start(
            ("Relay:Routes:0:Domain", "corp.test"), ("Relay:Routes:0:NextHop", "hop.corp.test"),
            ("Relay:Routes:1:Domain", "*.below.test"), ("Relay:Routes:1:NextHop", "10.0.0.1"),
            ("Relay:Routes:2:Domain", "demands.test"), ("Relay:Routes:2:Tls", "Encrypted"),
            ("Relay:Routes:3:Domain", "*"), ("Relay:Routes:3:NextHop", "upstream.test"));
        lab.Ask(domain, $"v=TLSRPTv1; rua={rua}");
        lab.Succeed(domain);
        await lab.EndDayAsync();

        var said = lab.Log.Named("report-failed");
        var entries = lab.Reports.List(lab.Day, Names.Name(domain), 10).Where(entry => entry.Rua is not null).ToDictionary(entry => entry.Rua!);
        var words = rua.Split(',').Where(entries.ContainsKey).Select(one => WordOf(entries[one].State, entries[one].Detail));
        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), words);
        Assert.Equal(
            expected.Split(',', StringSplitOptions.RemoveEmptyEntries).Where(word => word != ReportState.Accepted),
            said.Select(line => WordOf(line.Fields["Reason"]!, line.Fields["Text"]!)));
        Assert.Equal(entries.Values.Count(entry => entry.State == ReportState.Accepted), lab.Destinations.Seen.Count);

        // Nor does it go there when the operator sends what is left of the day.
        await lab.Reports.SendAsync(lab.Day, null, null, ReportLab.Token);
        Assert.Equal(entries.Values.Count(entry => entry.State == ReportState.Accepted), lab.Destinations.Seen.Count);
    }

    [Fact] // RPT-53: many domains, one victim
    public async Task Mailbox_NamedByManyDomains_GetsTheLimitOfADay()
    {
        await using var lab = ReportLab.Start(("TlsRpt:MaxPerMailbox", "2"));
        string[] spellings = ["a@victim.test", "A@victim.TEST", "a+1@victim.test", "%22a%22@victim.test", "%22%5Ca%22@victim.test"];
        for (var index = 0; index < spellings.Length; index++)
        {
            lab.Ask($"d{index}.test", $"v=TLSRPTv1; rua=mailto:{spellings[index]}");
            lab.Succeed($"d{index}.test");
        }

        lab.Ask("other.test", "v=TLSRPTv1; rua=mailto:b@victim.test");
        lab.Succeed("other.test");
        lab.Destinations.Say(new ReportDispatch.TryLater("4yz", null));
        await lab.EndDayAsync();

        // Those that have a place keep it, however often they are tried; nobody comes after them.
        lab.Destinations.Say(new ReportDispatch.Accepted("queued"));
        lab.Clock.Advance(TimeSpan.FromMinutes(10));
        await lab.RestartAsync();
        await lab.Scheduler.PassAsync(ReportLab.Token);
        await lab.Reports.SendAsync(lab.Day, null, null, ReportLab.Token);
        var ofVictim = lab.Reports.List(lab.Day, null, 10).Where(entry => entry.Domain.Value != "other.test").ToList();
        Assert.Equal(
            [(ReportState.Accepted, 2), (ReportState.NotUsed, 3)],
            ofVictim.GroupBy(entry => entry.State).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));
        Assert.All(
            ofVictim.Where(entry => entry.State == ReportState.NotUsed),
            entry => Assert.StartsWith("mailbox-limit: it gets 2 reports on one day", entry.Detail, StringComparison.Ordinal));
        Assert.Contains(
            lab.Log.Named("report-failed"),
            line => line.Fields["Reason"] == ReportState.NotUsed && line.Fields["Text"]!.Contains("TlsRpt:MaxPerMailbox", StringComparison.Ordinal));
        Assert.Equal([("mailto:b@victim.test", ReportState.Accepted)], lab.States("other.test"));

        // Another day, another count.
        lab.Succeed("d4.test");
        lab.Ledger.Flush();
        lab.Clock.Advance(TimeSpan.FromDays(1));
        await lab.Scheduler.PassAsync(ReportLab.Token);
        Assert.Equal(ReportState.Accepted, lab.Reports.List(null, Names.Name("d4.test"), 1)[0].State);
    }

    private static string WordOf(string state, string text) => state == ReportState.NotUsed ? text[..text.IndexOf(':', StringComparison.Ordinal)] : state;
}
