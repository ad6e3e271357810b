using Microsoft.Extensions.Options;
using Relay.Lab;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

/// <summary>STS-42, RFC 8461 §10.2: a wall clock that is wrong when the relay starts, and set right later.</summary>
public sealed class PolicyClockTests
{
    private const string Domain = "example.test";

    private static readonly string Enforce = StsLab.Policy("enforce", 604_800, "mx.example.test");

    [Theory]
    [InlineData(38)]
    [InlineData(400)]
    [InlineData(20_000)]
    public async Task Start_ClockAhead_ForgetsNothing(int days)
    {
        await using var lab = await WithPolicyAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        await lab.RestartAsync();
        Step(lab, days);
        await lab.RestartAsync();
        await lab.Refresher.PassAsync(StsLab.Token);
        Step(lab, -days);
        await lab.RestartAsync();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // Also when it runs like that for days, with restarts, fetches and mail
    public async Task Run_ClockAheadForDaysAndOthersAreFetched_ForgetsNothing()
    {
        await using var lab = await WithPolicyAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        Step(lab, 60);
        for (var day = 0; day < 5; day++)
        {
            await lab.RestartAsync();
            await lab.Refresher.PassAsync(StsLab.Token);
            lab.Publish($"d{day}.test", "1", StsLab.Policy("enforce", 600_000, "mx.example.test"));
            await lab.AskAsync($"d{day}.test");
            lab.Clock.Advance(TimeSpan.FromHours(25));
            await lab.Refresher.PassAsync(StsLab.Token);
        }

        Step(lab, -60);
        await lab.RestartAsync();
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // What a clock that was ahead has ended is read again when it is set right, without a restart
    public async Task Get_EndFoundUnderAClockAhead_IsReadAgain()
    {
        await using var lab = await WithPolicyAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        Step(lab, 400);
        await lab.RestartAsync();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Step(lab, -400);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // The clock was ahead by less than is left: the policy does not end early by as much
    public async Task Get_LoadedUnderAClockAhead_LastsUntilItsEnd()
    {
        await using var lab = await WithPolicyAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        Step(lab, 5);
        await lab.RestartAsync();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Step(lab, -5);
        lab.Clock.Advance(TimeSpan.FromDays(6.9));
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.Empty(lab.Log.Named("policy-expired"));
        lab.Clock.Advance(TimeSpan.FromDays(0.2));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // A policy that has ended is not brought back by a clock that steps back a little behind its end
    public async Task Get_EndedAsTimePassed_StaysEnded()
    {
        await using var lab = await WithPolicyAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        lab.Clock.Advance(TimeSpan.FromDays(8));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Step(lab, -2);
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // A run's first day deletes nothing; then what ended thirty days ago goes
    public async Task Tend_FirstDayOfARun_DeletesNothing()
    {
        await using var lab = await WithPolicyAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        for (var day = 0; day < 40; day += 2)
        {
            // The relay is off every other day; the clock is right.
            await lab.Refresher.PassAsync(StsLab.Token);
            lab.Clock.Advance(TimeSpan.FromHours(23));
            await lab.Refresher.PassAsync(StsLab.Token);
            lab.Clock.Advance(TimeSpan.FromHours(25));
            await lab.RestartAsync();
        }

        Assert.Single(await lab.Cache.ListAsync(DomainName.Root, 10, StsLab.Token));
        await lab.Refresher.PassAsync(StsLab.Token);
        lab.Clock.Advance(TimeSpan.FromHours(25));
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Empty(await lab.Cache.ListAsync(DomainName.Root, 10, StsLab.Token));
    }

    [Fact]
    public void Counted_WallClockAhead_GoesOnByWhatHasPassed()
    {
        var manual = new ManualClock();
        var written = manual.GetUtcNow();
        manual.SetUtcNow(written.AddDays(400));
        var counted = new CountedTime(new PolicyClock(manual, Options.Create(new MtaStsOptions())));
        Assert.Equal(written, counted.Count(written));
        manual.Advance(TimeSpan.FromDays(2));
        Assert.Equal(written.AddDays(2), counted.Count(written.AddDays(400)));
        manual.SetUtcNow(written.AddDays(4));
        Assert.Equal(written.AddDays(4), counted.Count(null));
        manual.SetUtcNow(written.AddDays(-9_000));
        Assert.Equal(written.AddDays(4), counted.Count(null));
    }

    private static void Step(StsLab lab, int days) => lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(days));

    private static async Task<StsLab> WithPolicyAsync()
    {
        var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        return lab;
    }
}
