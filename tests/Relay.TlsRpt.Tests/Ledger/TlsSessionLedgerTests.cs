using System.Net;
using Relay.Delivery.Observations;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Ledger;

public sealed class TlsSessionLedgerTests
{
    private static readonly ObservedFailure Expired = new(TlsResultType.CertificateExpired, string.Empty);
    private static readonly ObservedFailure Mismatch = new(TlsResultType.CertificateHostMismatch, string.Empty);

    [Fact] // RPT-09, RPT-10, RPT-18, RFC 8460 §4.2: the session counts once, its faults side by side
    public async Task Sessions_AreCountedOnceWhateverTheirFaults()
    {
        await using var lab = ReportLab.Start();
        var policy = ReportLab.Policy(ReportLab.PolicyText("enforce", 86_400, "mx.example.test"));
        lab.Succeed("example.test", policy, 3);
        lab.Fail("example.test", policy, Expired, Mismatch);
        lab.Fail("example.test", policy, Expired);
        lab.Ledger.Flush();

        var counts = Assert.Single(lab.Queries.Counts(lab.Day, Names.Name("example.test")).Policies);
        Assert.Equal((3, 2), (counts.Succeeded, counts.Failed));
        Assert.Equal(
            [("certificate-expired", 2L), ("certificate-host-mismatch", 1L)],
            counts.Failures.Select(entry => (entry.Failure.Type, entry.Count)));
    }

    [Fact] // RFC 8460 §4.2, §4.3.2.2: failures of policy stand in the details only, and name no host
    public async Task PolicyFailure_IsADetailWithoutASession()
    {
        await using var lab = ReportLab.Start();
        lab.Ledger.Add(lab.Session("example.test") with
        {
            Count = ObservationCount.DetailsOnly,
            Failures = [new(TlsResultType.StsPolicyFetchError, "http-status-404")],
        });
        lab.Ledger.Flush();
        var counts = Assert.Single(lab.Queries.Counts(lab.Day, Names.Name("example.test")).Policies);
        Assert.Equal((0, 0), (counts.Succeeded, counts.Failed));
        Assert.Equal(
            new FailureKey("sts-policy-fetch-error", "", "", "", "", "http-status-404"), Assert.Single(counts.Failures).Failure);
    }

    [Fact] // RPT-29, RFC 8460 §4.1: the UTC day in which the session was decided
    public async Task Session_AtMidnight_BelongsToItsOwnDay()
    {
        await using var lab = ReportLab.Start();
        foreach (var time in (string[])["2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00Z", "2026-11-23T00:30:00+01:00"])
        {
            lab.Ledger.Add(lab.Session("example.test") with
            {
                Time = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture),
            });
        }

        lab.Ledger.Flush();
        Assert.Equal(2, lab.Queries.Counts(lab.Day, Names.Name("example.test")).Succeeded);
        Assert.Equal(1, lab.Queries.Counts(lab.Day.AddDays(1), Names.Name("example.test")).Succeeded);
    }

    [Fact] // RFC 8460 §4.1: a report that was made does not change, and no session is lost
    public async Task Session_ToldAfterTheReport_CountsForTheCurrentDay()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", "v=TLSRPTv1; rua=mailto:a@example.net");
        lab.Succeed("example.test");
        var late = lab.Session("example.test");
        await lab.EndDayAsync();
        lab.Ledger.Add(late);
        lab.Ledger.Flush();
        Assert.Equal(1, lab.Queries.Counts(lab.Day, Names.Name("example.test")).Succeeded);
        Assert.Equal(1, lab.Queries.Counts(lab.Day.AddDays(1), Names.Name("example.test")).Succeeded);
    }

    [Fact] // RFC 8460 §4: entries are merged by the text of the policy, not by when it was fetched
    public async Task Policy_FetchedAgainAfterRestart_IsOneEntryAndChangedIsTwo()
    {
        await using var lab = ReportLab.Start();
        var text = ReportLab.PolicyText("enforce", 86_400, "mx.example.test");
        lab.Succeed("example.test", ReportLab.Policy(text));
        lab.Succeed("example.test", ReportLab.Policy(text.Replace("\n", "\r\n", StringComparison.Ordinal)));
        await lab.RestartAsync();
        lab.Succeed("example.test", ReportLab.Policy(text));
        lab.Succeed("example.test", ReportLab.Policy(ReportLab.PolicyText("testing", 86_400, "mx.example.test")));
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        Assert.Equal(
            [("sts", 3L), ("no-policy-found", 1L), ("sts", 1L)],
            lab.Queries.Counts(lab.Day, Names.Name("example.test")).Policies.Select(policy => (policy.Type, policy.Succeeded)));
    }

    [Fact] // E92: a peer that invents reasons and names fills neither store nor report
    public async Task Failures_WithoutEnd_OverflowIntoOneEntry()
    {
        await using var lab = ReportLab.Start();
        for (var index = 0; index < 2_500; index++)
        {
            lab.Fail("example.test", null, new ObservedFailure(TlsResultType.ValidationFailure, $"reason-{index}"));
            if (index % 700 == 0)
            {
                lab.Ledger.Flush();
            }
        }

        lab.Ledger.Flush();
        var policy = Assert.Single(lab.Queries.Counts(lab.Day, Names.Name("example.test")).Policies);
        Assert.Equal(2_500, policy.Failed);
        Assert.Equal(2_500, policy.Failures.Sum(entry => entry.Count));
        Assert.InRange(policy.Failures.Count, 900, LedgerWriter.MaxFailures + 1);
        Assert.Contains(policy.Failures, entry => entry.Failure == FailureKey.Overflow);
    }

    [Theory] // RPT-13, RPT-31, RFC 8460 §4.3.3, RFC 5952 §4
    [InlineData("fe80::1%3", "fe80::1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:DB8:0:0:8::25", "2001:db8::8:0:0:25")]
    public async Task SanitizedText_IsReducedAndAddressesAreCanonical(string address, string expected)
    {
        await using var lab = ReportLab.Start();
        lab.Ledger.Add(lab.Session("example.test") with
        {
            Count = ObservationCount.Failure,
            Failures = [new(TlsResultType.CertificateNotTrusted, "a b\"\r\n\u001b[31m" + new string('x', 999))],
            ReceivingAddress = IPAddress.Parse(address),
            ReceivingHelo = "evil\r\nname\u0000",
        });
        lab.Ledger.Flush();
        var failure = Assert.Single(Assert.Single(lab.Queries.Counts(lab.Day, Names.Name("example.test")).Policies).Failures).Failure;
        Assert.Equal(expected, failure.ReceivingAddress);
        Assert.Equal("evil__name_", failure.Helo);
        Assert.StartsWith("a_b____[31mxx", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(128, failure.Reason.Length);
    }

    [Fact] // RPT-13: the collective types always have a reason
    public async Task CollectiveType_WithoutReason_GetsOne()
    {
        await using var lab = ReportLab.Start();
        lab.Fail("example.test", null, new ObservedFailure(TlsResultType.ValidationFailure, string.Empty), Expired);
        lab.Ledger.Flush();
        Assert.Equal(
            ["", "unspecified"],
            Assert.Single(lab.Queries.Counts(lab.Day, Names.Name("example.test")).Policies).Failures
                .Select(entry => entry.Failure.Reason).Order());
    }

    [Fact] // A store that fails for a while costs no count
    public async Task Store_ThatCannotBeWritten_LosesNothing()
    {
        await using var lab = ReportLab.Start();
        Directory.CreateDirectory(lab.DatabaseFile);
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        Assert.Single(lab.Log.Named("report-counts-kept"));
        lab.Succeed("example.test");
        Directory.Delete(lab.DatabaseFile);
        lab.Ledger.Flush();
        Assert.Equal(2, lab.Queries.Counts(lab.Day, Names.Name("example.test")).Succeeded);
    }

    [Fact] // A downgrade forgets no count, no report under way and no suppression: it says which version is needed
    public async Task Store_OfANewerVersion_EndsTheStartAndStaysAsItIs()
    {
        await using var lab = ReportLab.Start();
        lab.Query<long>("CREATE TABLE tally (ok); INSERT INTO tally VALUES (7); PRAGMA user_version = 99; SELECT 1");
        var refusal = await Assert.ThrowsAsync<IOException>(() => lab.Ledger.StartAsync(ReportLab.Token));
        Assert.Contains("reports.db has version 99, but this relay knows version 1", refusal.Message, StringComparison.Ordinal);
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        Assert.Equal(99, lab.Query<long>("PRAGMA user_version"));
        Assert.Equal(7, lab.Query<long>("SELECT SUM(ok) FROM tally"));
        Assert.Empty(Directory.GetFiles(lab.DataDirectory, "*.corrupt-*"));
    }

    [Fact] // Once a second while it runs, and at the end
    public async Task HostedService_FlushesEachSecondAndAtStop()
    {
        await using var lab = ReportLab.Start();
        await lab.Ledger.StartAsync(ReportLab.Token);
        await lab.Clock.TimerScheduledAsync(TimeSpan.FromSeconds(1), ReportLab.Token);
        lab.Succeed("example.test");
        lab.Clock.Advance(TimeSpan.FromSeconds(1));
        await lab.Clock.TimerScheduledAsync(TimeSpan.FromSeconds(1), ReportLab.Token);
        Assert.Equal(1, lab.Queries.Counts(lab.Day, Names.Name("example.test")).Succeeded);
        lab.Succeed("example.test");
        await lab.Ledger.StopAsync(ReportLab.Token);
        Assert.Equal(2, lab.Queries.Counts(lab.Day, Names.Name("example.test")).Succeeded);
    }

    [Fact] // RPT-20, RFC 8460 §8: what is stored has no place for messages or people
    public async Task Store_HoldsHostsAndCountsOnly()
    {
        await using var lab = ReportLab.Start();
        lab.Fail("example.test", null, Expired);
        lab.Ledger.Flush();
        Assert.Equal(
            "day,domain,policy,type,sending,receiving,mx,helo,reason,count",
            lab.Query<string>("SELECT group_concat(name) FROM pragma_table_info('failure')"));
        Assert.Equal(
            "day,domain,policy,ok,failed", lab.Query<string>("SELECT group_concat(name) FROM pragma_table_info('tally')"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(lab.DatabaseFile));
        }
    }
}
