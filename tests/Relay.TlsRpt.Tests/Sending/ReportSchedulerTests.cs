using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Sending;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Sending;

public sealed class ReportSchedulerTests
{
    private const string Mailto = "mailto:a@example.net";
    private const string First = "mailto:first@example.test";
    private const string Https = "https://reports.example.net/in";

    [Fact] // RPT-29, RFC 8460 §4.2.1: the day that ended, successes too, to every destination
    public async Task Day_ThatEnded_GoesToEveryDestination()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto},{Https}");
        lab.Succeed("example.test");
        await lab.Scheduler.PassAsync(ReportLab.Token);
        Assert.Empty(lab.Destinations.Seen);
        await lab.EndDayAsync();
        Assert.Equal(["a@example.net", Https], lab.Destinations.Seen.Select(seen => seen.To).Order());
        Assert.All(lab.Destinations.Seen, seen => Assert.Equal(lab.Day, seen.Report.Day));
        Assert.Equal([(Https, "accepted"), (Mailto, "accepted")], lab.States("example.test"));
        Assert.Equal(2, lab.Log.Named("report-sent").Count);
    }

    [Fact] // RPT-30, RFC 8460 §4.1: spread over the domains, and the same after a restart
    public async Task DueTimes_AreSpreadOverTheJitter()
    {
        await using var lab = ReportLab.Start(("TlsRpt:SendAt", "01:00:00"));
        var due = Enumerable.Range(0, 1_000).Select(index => lab.Identity.DueAt(lab.Day, Names.Name($"d{index}.test"))).ToList();
        var start = new DateTimeOffset(2026, 11, 23, 1, 0, 0, TimeSpan.Zero);
        Assert.All(due, time => Assert.InRange(time, start, start.AddHours(4)));
        for (var hour = 0; hour < 4; hour++)
        {
            Assert.InRange(due.Count(time => time >= start.AddHours(hour) && time < start.AddHours(hour + 1)), 150, 350);
        }

        await lab.RestartAsync();
        Assert.Equal(due[7], lab.Identity.DueAt(lab.Day, Names.Name("d7.test")));
    }

    [Theory] // RPT-02: nobody asked, nobody is sent anything
    [InlineData(null, "no TLSRPT record")]
    [InlineData("v=TLSRPTv1;", "the TLSRPT record names no destination")]
    [InlineData("v=TLSRPTv1; rua=http://reports.example.net/in", "the TLSRPT record names no destination that can be used")]
    public async Task Domain_ThatDidNotAsk_GetsNone(string? record, string detail)
    {
        await using var lab = ReportLab.Start();
        if (record is not null)
        {
            lab.Ask("example.test", record);
        }

        lab.Succeed("example.test");
        await lab.EndDayAsync();
        Assert.Empty(lab.Destinations.Seen);
        var entry = Assert.Single(lab.Reports.List(null, null, 10));
        Assert.Equal((ReportState.NotWanted, detail, 1L), (entry.State, entry.Detail, entry.Succeeded));
    }

    [Fact] // RFC 8460 §3: silence of DNS is no answer; asked again, and the counts stay
    public async Task Dns_ThatFailsForAWhile_OnlyDelays()
    {
        await using var lab = ReportLab.Start();
        lab.Succeed("example.test");
        lab.Dns.SetFault("_smtp._tls.example.test", LabDnsType.Txt, LabDnsFault.ServerFailure);
        await lab.EndDayAsync();
        Assert.Equal([(null, ReportState.DnsFailure)], lab.States("example.test"));
        await lab.RestartAsync();
        lab.Dns.ClearFaults();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        await AdvanceAsync(lab, TimeSpan.FromMinutes(30), 2);
        Assert.Equal(lab.Day, Assert.Single(lab.Destinations.Seen).Report.Day);
    }

    [Fact] // RFC 8460 §5.5: for 24 hours
    public async Task Dns_ThatFailsForADay_EndsIt()
    {
        await using var lab = ReportLab.Start();
        lab.Succeed("example.test");
        lab.Dns.SetFault("_smtp._tls.example.test", LabDnsType.Txt, LabDnsFault.ServerFailure);
        await lab.EndDayAsync();
        await AdvanceAsync(lab, TimeSpan.FromMinutes(31), 48);
        Assert.Equal([(null, ReportState.Expired)], lab.States("example.test"));
    }

    [Fact] // RPT-07, RFC 8460 §3: one failing destination keeps the report from no other
    public async Task Destination_ThatFails_DelaysNoOther()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Https},{Mailto}");
        lab.Succeed("example.test");
        lab.Destinations.Answer = (to, _) => new(to == Https
            ? new ReportDispatch.TryLater("503", After: null)
            : new ReportDispatch.Accepted("taken"));
        await lab.EndDayAsync();
        Assert.Equal([(Https, ReportState.Pending), (Mailto, ReportState.Accepted)], lab.States("example.test"));
        lab.Destinations.Say(new ReportDispatch.Accepted("201"));
        await AdvanceAsync(lab, TimeSpan.FromMinutes(5), 1);
        Assert.Equal([(Https, ReportState.Accepted), (Mailto, ReportState.Accepted)], lab.States("example.test"));
        Assert.Equal(1, lab.Destinations.Seen.Count(seen => seen.To == "a@example.net"));
        var posted = lab.Destinations.Seen.Where(seen => seen.To == Https).ToList();
        Assert.Equal(2, posted.Count);
        Assert.True(posted[0].Report.Gzip.Span.SequenceEqual(posted[1].Report.Gzip.Span));
    }

    [Fact] // RPT-50, RPT-51, RFC 8460 §5.5: for 24 hours, the gaps at least doubling
    public async Task Destination_ThatNeverTakesIt_IsTriedForADayWithGrowingGaps()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Https}");
        lab.Succeed("example.test");
        var times = new List<DateTimeOffset>();
        lab.Destinations.Answer = (_, _) =>
        {
            times.Add(lab.Clock.GetUtcNow());
            return new(new ReportDispatch.TryLater("503", After: null));
        };
        await lab.EndDayAsync();
        await AdvanceAsync(lab, TimeSpan.FromMinutes(5), 400);
        Assert.InRange(times[^1] - times[0], TimeSpan.FromHours(12), TimeSpan.FromHours(24));
        for (var index = 2; index < times.Count; index++)
        {
            Assert.True(times[index] - times[index - 1] >= 2 * (times[index - 1] - times[index - 2]));
        }

        Assert.Equal([(Https, ReportState.Expired)], lab.States("example.test"));
    }

    [Fact] // RPT-48, RFC 9110 §10.2.3: Retry-After is kept to
    public async Task Destination_ThatAsksForTime_GetsIt()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Https}");
        lab.Succeed("example.test");
        lab.Destinations.Say(new ReportDispatch.TryLater("429", TimeSpan.FromHours(3)));
        await lab.EndDayAsync();
        await AdvanceAsync(lab, TimeSpan.FromMinutes(10), 17);
        Assert.Single(lab.Destinations.Seen);
        await AdvanceAsync(lab, TimeSpan.FromMinutes(10), 1);
        Assert.Equal(2, lab.Destinations.Seen.Count);
    }

    [Fact] // RPT-48: a refusal is final
    public async Task Destination_ThatRefuses_IsNotAskedAgain()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Https}");
        lab.Succeed("example.test");
        lab.Destinations.Say(new ReportDispatch.Refused("410"));
        await lab.EndDayAsync();
        await AdvanceAsync(lab, TimeSpan.FromHours(1), 30);
        Assert.Single(lab.Destinations.Seen);
        Assert.Equal([(Https, ReportState.Refused)], lab.States("example.test"));
    }

    [Fact] // RPT-53, RFC 8460 §7: a hundred destinations are a flood
    public async Task Record_WithAHundredDestinations_IsServedToTheLimit()
    {
        await using var lab = ReportLab.Start(("TlsRpt:MaxDestinations", "7"));
        var record = "v=TLSRPTv1; rua=" + string.Join(',', Enumerable.Range(0, 100).Select(index => $"mailto:a{index}@example.test"));
        lab.Dns.Zone.AddTxt("_smtp._tls.example.test", [.. record.Chunk(200).Select(part => new string(part))]);
        lab.Succeed("example.test");
        await lab.EndDayAsync();
        Assert.Equal(
            Enumerable.Range(0, 7).Select(index => $"a{index}@example.test"), lab.Destinations.Seen.Select(seen => seen.To).Order());
    }

    [Fact] // Days missed while the relay was down are sent late, each with its own date range
    public async Task Relay_DownForDays_SendsEachDayLate()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        lab.Clock.Advance(TimeSpan.FromDays(1));
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        lab.Clock.Advance(TimeSpan.FromDays(3));
        await lab.RestartAsync();
        await lab.Scheduler.PassAsync(ReportLab.Token);
        Assert.Equal([lab.Day, lab.Day.AddDays(1)], lab.Destinations.Seen.Select(seen => seen.Report.Day).Order());
        Assert.All(lab.Destinations.Seen, seen => Assert.Contains(
            $"\"start-datetime\":\"{seen.Report.Day:yyyy-MM-dd}T00:00:00Z\"",
            System.Text.Encoding.UTF8.GetString(seen.Report.Json.Span),
            StringComparison.Ordinal));
    }

    [Fact] // A relay that dies while it hands a report over does so again under the same key; what was accepted stays accepted
    public async Task Crash_WhileSending_RepeatsOnlyWhatWasNotAccepted()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={First},{Mailto}");
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        lab.Clock.Advance(TimeSpan.FromHours(17));
        var never = new TaskCompletionSource<ReportDispatch>();
        lab.Destinations.Answer = (to, _) =>
            to == "first@example.test" ? new(new ReportDispatch.Accepted("queued")) : new(never.Task);
        var pass = lab.Scheduler.PassAsync(ReportLab.Token);
        await Poll.UntilAsync(
            () => lab.States("example.test").SequenceEqual([(Mailto, ReportState.Sending), (First, ReportState.Accepted)]), ReportLab.Token);

        Assert.False(pass.IsCompleted);
        await lab.RestartAsync();
        lab.Destinations.Say(new ReportDispatch.Accepted("queued"));
        await lab.Scheduler.PassAsync(ReportLab.Token);
        var repeated = lab.Destinations.Seen.Where(seen => seen.To == "a@example.net").ToList();
        Assert.Equal(2, repeated.Count);
        Assert.Equal(repeated[0].Key, repeated[1].Key);
        Assert.Equal(repeated[0].Report.ReportId, repeated[1].Report.ReportId);
        Assert.Single(lab.Destinations.Seen, seen => seen.To == "first@example.test");
        Assert.All(lab.States("example.test"), state => Assert.Equal(ReportState.Accepted, state.State));
    }

    [Fact] // A transport that breaks is a destination that cannot be reached, and not the end of the program
    public async Task Transport_ThatThrows_IsTriedLater()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        lab.Succeed("example.test");
        lab.Destinations.Answer = (_, _) => throw new InvalidOperationException("broken");
        await lab.EndDayAsync();
        Assert.Equal([(Mailto, ReportState.Pending)], lab.States("example.test"));
    }

    [Fact] // The caller leaves: the copy goes out with the next pass
    public async Task Cancellation_WhileSending_LeavesTheCopyPending()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        lab.Clock.Advance(TimeSpan.FromHours(17));
        using var caller = new CancellationTokenSource();
        lab.Destinations.Answer = async (_, token) =>
        {
            await caller.CancelAsync();
            token.ThrowIfCancellationRequested();
            return new ReportDispatch.Accepted("never");
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.Reports.SendAsync(null, null, null, caller.Token));
        Assert.Equal([(Mailto, ReportState.Pending)], lab.States("example.test"));
    }

    [Fact] // RPT-41, RFC 8460 §3: unsigned reports are not mailed; they wait, visibly, and go once there is a key
    public async Task Mail_WithoutKey_WaitsAndSaysSoOnceADay()
    {
        await using var lab = ReportLab.Start();
        lab.Destinations.CanSend = false;
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto},{Https}");
        lab.Succeed("example.test");
        await lab.EndDayAsync();
        await AdvanceAsync(lab, TimeSpan.FromHours(1), 3);
        Assert.Equal([(Https, ReportState.Accepted), (Mailto, ReportState.NoDkimKey)], lab.States("example.test"));
        var reminder = Assert.Single(lab.Log.Named("reports-not-mailed"));
        Assert.Contains("relay dkim new DOMAIN SELECTOR", reminder.Fields["Text"], StringComparison.Ordinal);
        lab.Destinations.CanSend = true;
        await AdvanceAsync(lab, TimeSpan.FromHours(1), 1);
        Assert.All(lab.States("example.test"), state => Assert.Equal(ReportState.Accepted, state.State));
    }

    [Fact] // RPT-55: a bounce keeps reports from that mailbox for a week, visibly
    public async Task Bounce_SuppressesTheMailboxForAWhile()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        lab.Succeed("example.test");
        lab.Reports.Suppress("a@example.net", "550 no such user");
        await lab.EndDayAsync();
        var entry = Assert.Single(lab.Reports.List(lab.Day, null, 10));
        Assert.Equal(ReportState.Suppressed, entry.State);
        Assert.Contains("550 no such user", entry.Detail, StringComparison.Ordinal);
        Assert.Empty(lab.Destinations.Seen);
        lab.Clock.Advance(TimeSpan.FromDays(7));
        lab.Succeed("example.test");
        lab.Ledger.Flush();
        lab.Clock.Advance(TimeSpan.FromDays(1));
        await lab.Scheduler.PassAsync(ReportLab.Token);
        Assert.Single(lab.Destinations.Seen);
    }

    [Fact] // RFC 8460 §4.2.1: successes are reported unless the operator says otherwise; no sessions, no report
    public async Task OnlyFailures_SkipsGoodDays()
    {
        await using var lab = ReportLab.Start(("TlsRpt:OnlyFailures", "true"));
        foreach (var domain in (string[])["good.test", "bad.test", "quiet.test"])
        {
            lab.Ask(domain, $"v=TLSRPTv1; rua={Mailto}");
        }

        lab.Succeed("good.test");
        lab.Fail("bad.test", null, new ObservedFailure(TlsResultType.StartTlsNotSupported, string.Empty));
        lab.Ledger.Add(lab.Session("quiet.test") with
        {
            Count = ObservationCount.DetailsOnly,
            Failures = [new(TlsResultType.StsPolicyInvalid, "version")],
        });
        await lab.EndDayAsync();
        Assert.Equal("bad.test", Assert.Single(lab.Destinations.Seen).Report.PolicyDomain.Value);
        Assert.Equal([(null, ReportState.OnlySuccesses)], lab.States("good.test"));
        Assert.Equal([(null, ReportState.NoSessions)], lab.States("quiet.test"));
    }

    [Fact] // RetainDays
    public async Task Days_AreForgottenInTime()
    {
        await using var lab = ReportLab.Start(("TlsRpt:RetainDays", "3"));
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        lab.Succeed("example.test", ReportLab.Policy(ReportLab.PolicyText("enforce", 86_400, "mx.example.test")));
        await lab.EndDayAsync();
        await AdvanceAsync(lab, TimeSpan.FromDays(1), 2);
        Assert.Single(lab.Reports.List(null, null, 10));
        await AdvanceAsync(lab, TimeSpan.FromDays(1), 1);
        Assert.Empty(lab.Reports.List(null, null, 10));
        Assert.Equal(0L, lab.Query<long>("SELECT (SELECT count(*) FROM tally) + (SELECT count(*) FROM policy)"));
    }

    [Fact] // relay report show, preview, send
    public async Task Operator_LooksAndSendsWithoutWaiting()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("example.test", $"v=TLSRPTv1; rua={Mailto}");
        lab.Succeed("example.test", times: 2);
        var preview = Assert.Single(lab.Reports.Preview(null));
        Assert.Equal(preview.ReportId, lab.Reports.Find(preview.ReportId)?.ReportId);
        Assert.Null(lab.Reports.Find("20261122.other.test.000000@relay.nordhafen.example"));
        Assert.Equal(0, await lab.Reports.SendAsync(null, null, null, ReportLab.Token));

        lab.Clock.Advance(TimeSpan.FromHours(12));
        Assert.Empty(lab.Reports.Preview(null));
        lab.Destinations.Say(new ReportDispatch.Refused("550"));
        Assert.Equal(1, await lab.Reports.SendAsync(null, Names.Name("example.test"), null, ReportLab.Token));
        Assert.Equal(0, await lab.Reports.SendAsync(null, null, null, ReportLab.Token));
        lab.Destinations.Say(new ReportDispatch.Accepted("queued"));
        Assert.Equal(1, await lab.Reports.SendAsync(lab.Day, null, null, ReportLab.Token));
        Assert.Equal(0, await lab.Reports.SendAsync(lab.Day, null, null, ReportLab.Token));
        Assert.True(preview.Json.Span.SequenceEqual(lab.Reports.Find(preview.ReportId)!.Json.Span));
        var entry = Assert.Single(lab.Reports.List(null, null, 10));
        Assert.Equal((2L, 0L, 2, ReportState.Accepted), (entry.Succeeded, entry.Failed, entry.Attempts, entry.State));
    }

    [Fact] // TlsRpt:*: every fault by key
    public void Options_OutOfRange_AreNamedTogether()
    {
        var options = new TlsRptOptions
        {
            SendAt = TimeSpan.FromDays(1),
            Jitter = TimeSpan.FromHours(-1),
            RetainDays = 1,
            MaxDestinations = 0,
            MaxPerMailbox = 0,
            OrganizationName = "a\nb",
            Contact = "nobody",
            From = "a b@example.test",
        };
        var failures = new TlsRptOptionsValidator().Validate(null, options).Failures?.ToList();
        Assert.NotNull(failures);
        Assert.Equal(
            ["SendAt", "Jitter", "RetainDays", "MaxDestinations", "MaxPerMailbox", "OrganizationName", "Contact", "From"],
            failures.Select(failure => failure["TlsRpt:".Length..failure.IndexOf(": ", StringComparison.Ordinal)]));
        Assert.True(new TlsRptOptionsValidator().Validate(null, new()).Succeeded);
    }

    private static async Task AdvanceAsync(ReportLab lab, TimeSpan step, int times)
    {
        for (var time = 0; time < times; time++)
        {
            lab.Clock.Advance(step);
            await lab.Scheduler.PassAsync(ReportLab.Token);
        }
    }
}
