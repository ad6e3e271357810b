using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Lab.PolicyHosts;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

public sealed class PolicyRefresherTests
{
    private const string Domain = "example.test";
    private const string Host = "mta-sts.example.test";

    private static readonly string Enforce = StsLab.Policy("enforce", 604_800, "mx.example.test");

    [Fact] // STS-45, STS-46, RFC 8461 §3.3, §10.2
    public async Task Pass_OnceADay_FetchesWhateverTheRecordSaysAndMovesTheEnd()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        var first = Assert.IsType<PolicyDecision.Applies>(await lab.AskAsync(Domain)).Policy.ExpiresAt;
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Single(lab.Web.Requests);
        lab.PublishRecord(Domain);
        for (var day = 2; day < 12; day++)
        {
            lab.Clock.Advance(TimeSpan.FromDays(1));
            await lab.Refresher.PassAsync(StsLab.Token);
            Assert.Equal(day, lab.Web.Count(Host));
        }

        var last = Assert.IsType<PolicyDecision.Applies>(await lab.AskAsync(Domain)).Policy.ExpiresAt;
        Assert.Equal(TimeSpan.FromDays(10), last - first);
        Assert.Equal(10, lab.Log.Named("policy-renewed").Count);
    }

    [Fact] // STS-45, RFC 8461 §10.2: a body changed under the same id is noticed within a day
    public async Task Pass_ChangedBodyUnderTheSameId_IsAdopted()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        lab.Publish(Domain, "1", StsLab.Policy("testing", 604_800, "mx.example.test"));
        lab.Clock.Advance(TimeSpan.FromDays(1));
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Equal(PolicyMode.Testing, (await lab.AskAsync(Domain)).Mode);
    }

    [Theory] // STS-47, STS-48, RFC 8461 §3.3, §10.2
    [InlineData("enforce", 2)]
    [InlineData("testing", 2)]
    [InlineData("none", 0)]
    public async Task Pass_HostDown_WarnsEachTimeUnlessTheModeIsNone(string mode, int warnings)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", StsLab.Policy(mode, 604_800, "mx.example.test"));
        await lab.AskAsync(Domain);
        lab.Play(Domain, new PolicyHostScript { Fault = PolicyHostFault.DropBeforeTls });
        lab.Clock.Advance(TimeSpan.FromDays(1));
        await lab.Refresher.PassAsync(StsLab.Token);
        await lab.Refresher.PassAsync(StsLab.Token);
        lab.Clock.Advance(TimeSpan.FromMinutes(5));
        await lab.Refresher.PassAsync(StsLab.Token);
        var kept = lab.Log.Named("policy-kept");
        Assert.Equal(warnings, kept.Count);
        Assert.All(kept, logged => Assert.Equal(LogLevel.Warning, logged.Level));
        Assert.All(kept, logged => Assert.NotNull(logged.Fields["Expires"]));
    }

    [Fact] // RFC 8461 §10.2: nobody mails, nobody remembers
    public async Task Pass_ThirtyDaysPastTheEnd_Prunes()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        lab.Play(Domain, new PolicyHostScript { Fault = PolicyHostFault.DropBeforeTls });
        lab.Clock.Advance(TimeSpan.FromDays(36));
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Single(await lab.Cache.ListAsync(DomainName.Root, 10, StsLab.Token));
        lab.Clock.Advance(TimeSpan.FromDays(2));
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Empty(await lab.Cache.ListAsync(DomainName.Root, 10, StsLab.Token));
    }

    [Fact] // STS-45: what fell due while the relay was down is fetched when it starts
    public async Task Service_Started_FetchesWhatIsDue()
    {
        await using var lab = StartWithOddTimeout();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        lab.Clock.Advance(TimeSpan.FromDays(1));
        await lab.Refresher.StartAsync(StsLab.Token);
        await Poll.UntilAsync(() => lab.Web.Count(Host) == 2, StsLab.Token);
        await lab.Refresher.StopAsync(StsLab.Token);
    }

    [Fact] // STS-45
    public async Task Service_Running_RefreshesAsTimePasses()
    {
        await using var lab = StartWithOddTimeout();
        lab.Publish(Domain, "1", StsLab.Policy("enforce", 600, "mx.example.test"));
        await lab.AskAsync(Domain);
        await lab.Refresher.StartAsync(StsLab.Token);
        for (var minute = 0; minute < 5; minute++)
        {
            await lab.Clock.TimerScheduledAsync(PolicyRefresher.PassInterval, StsLab.Token);
            lab.Clock.Advance(PolicyRefresher.PassInterval);
        }

        await Poll.UntilAsync(() => lab.Web.Count(Host) == 2, StsLab.Token);
        await lab.Refresher.StopAsync(StsLab.Token);
    }

    [Fact] // STS-45, RFC 8461 §10.2: hosts that hang keep those that answer from nothing
    public async Task Pass_HundredsOfHostsHang_TheOthersAreRefreshed()
    {
        await using var lab = StsLab.Start();
        var hanging = Enumerable.Range(0, 100).Select(number => $"d{number}.test").ToList();
        foreach (var domain in hanging.Append(Domain))
        {
            lab.Publish(domain, "1", Enforce);
            await lab.AskAsync(domain);
        }

        hanging.ForEach(domain => lab.Play(domain, new PolicyHostScript { Certificate = lab.Authority.Issue($"mta-sts.{domain}"), Status = 500 }));
        lab.Clock.Advance(TimeSpan.FromHours(24));
        await lab.Refresher.PassAsync(StsLab.Token);
        hanging.ForEach(domain => lab.Play(domain, new PolicyHostScript { Certificate = lab.Authority.Issue($"mta-sts.{domain}"), Fault = PolicyHostFault.Silence }));
        var before = lab.Web.Count(Host);
        lab.Clock.Advance(TimeSpan.FromHours(25));

        // The clock stands still: no request that hangs comes to its end.
        var all = await lab.Refresher.StartDueAsync(StsLab.Token);
        await Poll.UntilAsync(() => lab.Web.Count(Host) == before + 1, StsLab.Token);
        Assert.False(all.IsCompleted);

        // Nor does it keep from being written what could not be.
        await lab.Refresher.TidyAsync(StsLab.Token);
    }

    [Fact] // RFC 8461 §10.2: what nobody mails is asked for no longer than mail may have need of it
    public async Task Pass_NobodyMailsForLong_IsNotRefreshed()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        lab.Publish("long.test", "1", StsLab.Policy("enforce", 86_400 * 40, "mx.long.test"));
        await lab.AskAsync(Domain);
        await lab.AskAsync("long.test");
        for (var day = 1; day <= 45; day++)
        {
            lab.Clock.Advance(TimeSpan.FromDays(1));
            await lab.Refresher.PassAsync(StsLab.Token);
        }

        // The thirtieth day is over at its end; a policy of forty days is refreshed for forty.
        Assert.InRange(lab.Web.Count(Host), 29, 31);
        Assert.InRange(lab.Web.Count("mta-sts.long.test"), 39, 41);

        // Mail has use for it again.
        await lab.AskAsync("long.test");
        lab.Clock.Advance(TimeSpan.FromDays(1));
        var before = lab.Web.Count("mta-sts.long.test");
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Equal(before + 1, lab.Web.Count("mta-sts.long.test"));
    }

    [Fact] // A fault of a kind that nobody foresaw, at one domain, costs that domain's refresh
    public async Task Service_StrayFault_IsLoggedAndTheOthersAreRefreshed()
    {
        var fetcher = new FaultyFetcher();
        await using var lab = StsLab.Start(services => services.AddSingleton<IPolicyFetcher>(fetcher));
        lab.Publish(Domain, "1", Enforce);
        lab.Publish("bad.test", "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.AskAsync("bad.test");
        lab.Clock.Advance(TimeSpan.FromDays(1));
        fetcher.IsFaulty = true;
        await lab.Refresher.StartAsync(StsLab.Token);
        await Poll.UntilAsync(() => lab.Log.Named("policy-fault").Count > 0 && lab.Log.Named("policy-renewed").Count > 0, StsLab.Token);
        Assert.Equal("bad.test", lab.Log.Named("policy-fault")[0].Fields["Domain"]);
        Assert.False(lab.Refresher.ExecuteTask!.IsCompleted);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync("bad.test")).Mode);
        await lab.Refresher.StopAsync(StsLab.Token);
    }

    [Fact] // STS-42, RFC 8461 §10.2: what a pass deletes would stay forgotten once the clock is right again
    public async Task Pass_WallClockYearsAheadForAWhile_ForgetsNothing()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.Refresher.PassAsync(StsLab.Token);
        PolicyCacheTests.Break(lab, "all-gone");
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(3_000));
        lab.Clock.Advance(TimeSpan.FromDays(2));
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(-3_000));
        await lab.RestartAsync();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // STS-45, RFC 8461 §10.2: a refresh set for next year is no refresh
    public async Task Pass_PolicyFetchedWhileTheClockWasAhead_IsFetchedAgainOnce()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", StsLab.Policy("enforce", 31_000_000, "mx.example.test"));
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(30));
        await lab.AskAsync(Domain);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(-30));
        await lab.Refresher.PassAsync(StsLab.Token);
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Equal(2, lab.Web.Count(Host));
    }

    [Theory] // RFC 8461 §10.2: not all at the same moment, and never at the last
    [InlineData(604_800)]
    [InlineData(31_557_600)]
    [InlineData(3_600)]
    public void NextRefresh_IsSpreadAndWellBeforeTheEnd(int maxAge)
    {
        var clock = new PolicyClock(new Relay.Lab.ManualClock(), Microsoft.Extensions.Options.Options.Create(new MtaStsOptions()));
        var times = Enumerable.Range(0, 200).Select(_ => clock.NextRefresh(TimeSpan.FromSeconds(maxAge)) - clock.Now).ToList();
        Assert.All(times, time => Assert.InRange(time, TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(maxAge / 2)));
        Assert.All(times, time => Assert.True(time <= TimeSpan.FromDays(1)));
        Assert.True(times.Distinct().Count() > 50);
    }

    // A fetch may take a minute by default, which is also the time between passes: a test could not tell the timers apart.
    private static StsLab StartWithOddTimeout() => StsLab.Start(("MtaSts:FetchTimeout", "00:00:53"));

    private sealed class FaultyFetcher : IPolicyFetcher
    {
        public bool IsFaulty { get; set; }

        public ValueTask<PolicyFetch> FetchFromAsync(
            DomainName domain, System.Net.IPAddress address, CancellationToken cancellationToken) => FetchAsync(domain, cancellationToken);

        public ValueTask<PolicyFetch> FetchAsync(DomainName domain, CancellationToken cancellationToken) =>
            IsFaulty && domain.Value == "bad.test"
                ? throw new InvalidOperationException("a bug")
                : new(new PolicyFetch.Fetched(Assert.IsType<PolicyReading.Valid>(StsPolicy.Parse(System.Text.Encoding.ASCII.GetBytes(Enforce))).Policy));
    }
}
