using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

/// <summary>Policy hosts that answer slowly or never: whom they may keep waiting, and for how long.</summary>
public sealed class SlowHostTests
{
    private const string Domain = "example.test";
    private const string Host = "mta-sts.example.test";
    private const int Week = 604_800;

    private static readonly string Enforce = StsLab.Policy("enforce", Week, "mx.example.test");
    private static readonly string Testing = StsLab.Policy("testing", Week, "mx.example.test");

    [Theory] // STS-40, STS-44, RFC 8461 §5.1: the old policy is applied and the new one fetched behind
    [InlineData(PolicyHostFault.Silence)]
    [InlineData(PolicyHostFault.SilenceInHandshake)]
    public async Task Get_NewIdAndSilentHost_AppliesTheOldPolicyAfterAMomentAndToTheNextAtOnce(PolicyHostFault fault)
    {
        await using var lab = await LearntAsync(Enforce);
        lab.PublishRecord(Domain, "v=STSv1; id=2;");
        lab.Play(Domain, Good(lab) with { Fault = fault });
        lab.LetTtlPass();
        var first = lab.AskAsync(Domain).AsTask();
        await lab.Clock.TimerScheduledAsync(PolicyFetcher.ConnectTimeout, StsLab.Token);
        if (fault == PolicyHostFault.Silence)
        {
            await Poll.UntilAsync(() => lab.Web.Count(Host) == 2, StsLab.Token);
        }

        Assert.False(first.IsCompleted);
        lab.Clock.Advance(PolicyUpdater.Grace);
        Assert.Equal(PolicyMode.Enforce, (await first).Mode);
        for (var message = 0; message < 20; message++)
        {
            Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        }
    }

    [Fact] // STS-44, RFC 8461 §5.1: behind means that it comes
    public async Task Get_NewIdAndSlowHost_AppliesTheNewPolicyWhenItHasCome()
    {
        await using var lab = await LearntAsync(Enforce);
        var held = new TaskCompletionSource();
        lab.Publish(Domain, "2", Testing);
        lab.Play(Domain, PolicyHostScript.Serve(lab.Authority.Issue(Host), Testing) with { Until = held.Task });
        lab.LetTtlPass();
        var first = lab.AskAsync(Domain).AsTask();
        await Poll.UntilAsync(() => lab.Web.Count(Host) == 2, StsLab.Token);
        lab.Clock.Advance(PolicyUpdater.Grace);
        Assert.Equal(PolicyMode.Enforce, (await first).Mode);
        held.SetResult();
        await Poll.UntilAsync(async () => (await lab.AskAsync(Domain)).Mode == PolicyMode.Testing, StsLab.Token);
    }

    [Fact] // RFC 8461 §5.1, §10.2: the daily refresh keeps nobody waiting
    public async Task Get_WhileARefreshHangs_AnswersAtOnce()
    {
        await using var lab = await LearntAsync(Enforce);
        lab.Play(Domain, Good(lab) with { Fault = PolicyHostFault.Silence });
        lab.LetTtlPass();
        var refresh = lab.Cache.GetFreshAsync(StsLab.Name(Domain), StsLab.Token).AsTask();
        await Poll.UntilAsync(() => lab.Web.Count(Host) == 2, StsLab.Token);
        lab.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.Equal(PolicyMode.Enforce, (await refresh).Mode);
    }

    [Fact] // STS-36, STS-39, RFC 8461 §3.3: the place among the deliveries is given back, and the end of the limit is the end of the waiting
    public async Task Get_FirstContactAndSilentHost_IsUnknownAfterSecondsAndNoPolicyAfterTheLimit()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        lab.Play(Domain, Good(lab) with { Fault = PolicyHostFault.Silence });
        var first = lab.AskAsync(Domain).AsTask();
        await Poll.UntilAsync(() => lab.Web.Count(Host) == 1, StsLab.Token);
        lab.Clock.Advance(PolicyLook.LongestHold);
        Assert.IsType<PolicyDecision.Unknown>(await first);
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        await Poll.UntilAsync(async () => await lab.AskAsync(Domain) is PolicyDecision.NoPolicy, StsLab.Token);
        Assert.Equal(1, lab.Web.Count(Host));
    }

    [Fact] // RFC 8461 §3.3: what came too late for one message is there for the next
    public async Task Get_FirstContactAndSlowHost_FindsThePolicyAtTheNextAttempt()
    {
        await using var lab = StsLab.Start();
        var held = new TaskCompletionSource();
        lab.Publish(Domain, "1", Enforce);
        lab.Play(Domain, Good(lab) with { Until = held.Task });
        var first = lab.AskAsync(Domain).AsTask();
        await Poll.UntilAsync(() => lab.Web.Count(Host) == 1, StsLab.Token);
        lab.Clock.Advance(PolicyLook.LongestHold);
        Assert.IsType<PolicyDecision.Unknown>(await first);
        held.SetResult();
        await Poll.UntilAsync(async () => (await lab.AskAsync(Domain)).Mode == PolicyMode.Enforce, StsLab.Token);
    }

    [Fact] // RFC 8461 §3.3: one message to hundreds of silent policy hosts keeps no other domain's first contact waiting
    public async Task Get_SixHundredSilentHostsOfOneMessage_AnHonestDomainIsServedAtOnce()
    {
        await using var lab = StsLab.Start();
        var certificate = lab.Authority.Issue("mta-sts.silent.test");
        var silent = Enumerable.Range(0, 600).Select(number => $"d{number}.test").ToList();
        foreach (var domain in silent)
        {
            lab.PublishRecord(domain, "v=STSv1; id=1;");
            lab.Dns.Zone.AddA($"mta-sts.{domain}", "127.0.0.1");
            lab.Play(domain, new PolicyHostScript { Certificate = certificate, Fault = PolicyHostFault.SilenceInHandshake });
        }

        lab.Publish(Domain, "1", Enforce);
        var asking = silent.Select(domain => lab.Cache.GetAsync(StsLab.Name(domain), "attack", StsLab.Token).AsTask()).ToList();
        await Poll.UntilAsync(() => lab.Web.Connections >= 16, StsLab.Token);

        // The clock stands still: nothing that waits for the silent ones can end.
        Assert.Equal(PolicyMode.Enforce, (await lab.Cache.GetAsync(StsLab.Name(Domain), "honest", StsLab.Token)).Mode);
        Assert.Equal(17, lab.Web.Connections);

        // And those give their places back in seconds.
        lab.Clock.Advance(PolicyLook.LongestHold);
        Assert.All(await Task.WhenAll(asking), decision => Assert.IsType<PolicyDecision.Unknown>(decision));
    }

    [Fact] // STS-38, RFC 8461 §3.3: ids that change at each lookup make no request of each message
    public async Task Get_IdChangesAtEachLookup_TheDomainIsLeftAloneAfterTheSecondFailure()
    {
        await using var lab = StsLab.Start();
        lab.Dns.Zone.WithTtl(0);
        lab.Publish(Domain, "0", Enforce);
        lab.Play(Domain, Good(lab) with { Status = 500 });
        for (var message = 0; message < 20; message++)
        {
            lab.PublishRecord(Domain, $"v=STSv1; id={message};");
            lab.Clock.Advance(TimeSpan.FromSeconds(20));
            Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        }

        // The first id, and one that is new.
        Assert.Equal(2, lab.Web.Count(Host));
        lab.Publish(Domain, "right", Enforce);
        lab.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    private static async Task<StsLab> LearntAsync(string policy)
    {
        var lab = StsLab.Start();
        lab.Publish(Domain, "1", policy);
        await lab.AskAsync(Domain);
        return lab;
    }

    private static PolicyHostScript Good(StsLab lab) => PolicyHostScript.Serve(lab.Authority.Issue(Host), Enforce);
}
