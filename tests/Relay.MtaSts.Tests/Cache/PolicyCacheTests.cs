using Microsoft.Extensions.Logging;
using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

public sealed class PolicyCacheTests
{
    private const string Domain = "example.test";
    private const string Record = "_mta-sts.example.test";
    private const string Host = "mta-sts.example.test";
    private const int Week = 604_800;

    private static readonly string Enforce = StsLab.Policy("enforce", Week, "mx.example.test");
    private static readonly string Testing = StsLab.Policy("testing", Week, "mx.example.test");
    private static readonly string None = StsLab.Policy("none", Week);

    [Fact] // STS-01, STS-13, STS-43, STS-49, RFC 8461 §3.1, §3.4, §5.1
    public async Task Get_TwoDeliveries_OneQueryOneRequestAndNoOtherName()
    {
        await using var lab = StsLab.Start();
        lab.Publish("sub.example.test", "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce, "sub.example.test");
        await AssertModeAsync(lab, PolicyMode.Enforce, "sub.example.test");
        Assert.Equal(1, lab.Dns.Queries.Count("_mta-sts.sub.example.test", LabDnsType.Txt));
        Assert.Single(lab.Web.Requests);
        Assert.All(lab.Dns.Queries.All, query => Assert.EndsWith(".sub.example.test", query.Name, StringComparison.Ordinal));
        Assert.Single(lab.Log.Named("policy-first-seen"));
    }

    [Fact] // STS-02, RFC 8461 §3.1: the policy host keeps the original name
    public async Task Get_RecordBehindAliases_FetchesFromTheOriginalDomain()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        lab.Dns.Zone.Remove(Record).AddCname(Record, "a.provider.test").AddCname("a.provider.test", "b.provider.test")
            .AddTxt("b.provider.test", "v=STSv1; id=77;");
        Assert.Equal("77", Applied(await lab.AskAsync(Domain)).Id);
        Assert.Equal(Host, Assert.Single(lab.Web.Requests).Host);
    }

    [Theory] // STS-05, STS-06, RFC 8461 §3.1
    [InlineData]
    [InlineData("v=spf1 -all")]
    [InlineData("v=STSv1; id=1;", "v=STSv1; id=2;")]
    [InlineData("v=STSv1; id=bad-id;")]
    [InlineData("v=STSv1; id=1; ext=;")]
    public async Task Get_NoUsableRecord_IsNoPolicyAndNoRequest(params string[] records)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        lab.PublishRecord(Domain, records);
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Assert.Empty(lab.Web.Requests);
    }

    [Theory] // STS-11, STS-12, STS-40, STS-72, RFC 8461 §3.1, §3.3, §5.1, §8.3
    [InlineData("txt-gone")]
    [InlineData("two-records")]
    [InlineData("bad-record")]
    [InlineData("txt-servfail")]
    [InlineData("web-down-new-id")]
    [InlineData("bad-body-new-id")]
    [InlineData("all-gone")]
    public async Task Get_AnyFailureUnderALivePolicy_KeepsIt(string fault)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        Break(lab, fault);
        lab.LetTtlPass();
        await AssertModeAsync(lab, PolicyMode.Enforce);
        Assert.Equal(LogLevel.Warning, Assert.Single(lab.Log.Named("policy-kept")).Level);
        await lab.RestartAsync();
        await AssertModeAsync(lab, PolicyMode.Enforce);
    }

    [Fact] // STS-42, RFC 8461 §3.2
    public async Task Get_AtMaxAge_AppliesUntilAndNotAfter()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        Break(lab, "all-gone");
        lab.Clock.Advance(TimeSpan.FromSeconds(Week - 1));
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Assert.Single(lab.Log.Named("policy-expired"));
        Assert.Equal(LogLevel.Warning, Assert.Single(lab.Log.Named("policy-weakened")).Level);
    }

    [Theory] // STS-42, RFC 8461 §3.2: while the relay runs, a step of the wall clock neither ends a policy nor prolongs it
    [InlineData(-300)]
    [InlineData(3_000)]
    public async Task Get_WallClockSteps_AppliesForMaxAgeAsItPasses(int days)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        Break(lab, "all-gone");
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(days));
        lab.Clock.Advance(TimeSpan.FromSeconds(Week - 1));
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // RFC 8461 §3.3: a clock set right must not hold mail back for as long as it was wrong
    public async Task Get_RecordUnknownAndWallClockStepsBack_WaitsForThePatienceAtMost()
    {
        await using var lab = StsLab.Start();
        Break(lab, "txt-servfail");
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddHours(-20));
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // STS-43, RFC 8461 §3.2: DNS is not authenticated, so the id alone keeps nothing alive
    public async Task Get_SameIdForWeeks_DoesNotMoveTheEnd()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        var expires = Applied(await lab.AskAsync(Domain)).ExpiresAt;
        for (var day = 0; day < 6; day++)
        {
            lab.Clock.Advance(TimeSpan.FromDays(1));
            Assert.Equal(expires, Applied(await lab.AskAsync(Domain)).ExpiresAt);
        }

        Assert.Single(lab.Web.Requests);
        lab.Clock.Advance(TimeSpan.FromDays(1));
        Assert.True(Applied(await lab.AskAsync(Domain)).ExpiresAt > expires);
        Assert.Equal(2, lab.Web.Requests.Count);
    }

    [Theory] // STS-08, STS-44, STS-50, STS-51, RFC 8461 §3.1, §5, §10.3: any other id, also a smaller one
    [InlineData("testing", PolicyMode.Testing)]
    [InlineData("none", PolicyMode.None)]
    public async Task Get_NewId_AppliesTheNewPolicyAtOnceAndWarnsOfWeakening(string mode, PolicyMode expected)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "9", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Publish(Domain, "1", mode == "none" ? None : Testing);
        lab.LetTtlPass();
        await AssertModeAsync(lab, expected);
        Assert.Single(lab.Log.Named("policy-changed"));
        var weakened = Assert.Single(lab.Log.Named("policy-weakened"));
        Assert.Equal((LogLevel.Warning, "Enforce"), (weakened.Level, weakened.Fields["Was"]));
    }

    [Fact] // STS-52, RFC 8461 §8.1
    public async Task Get_NewIdWithinTheTimeToLive_IsNoticedWhenThatEnds()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Publish(Domain, "2", None);
        lab.Clock.Advance(TimeSpan.FromSeconds(299));
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Clock.Advance(TimeSpan.FromSeconds(2));
        await AssertModeAsync(lab, PolicyMode.None);
    }

    [Fact] // STS-38, STS-39, RFC 8461 §3.3
    public async Task Get_FetchFails_BacksOffFiveMinutesToAnHourAndANewIdResets()
    {
        await using var lab = StsLab.Start();
        lab.Dns.Zone.WithTtl(30);
        lab.Publish(Domain, "1", Enforce);
        lab.Play(Domain, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Status = 500 });
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        foreach (var minutes in new[] { 5, 10, 20, 40, 60, 60 })
        {
            var before = lab.Web.Count(Host);
            lab.Clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
            Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
            Assert.Equal(before, lab.Web.Count(Host));
            lab.Clock.Advance(TimeSpan.FromSeconds(1));
            await lab.AskAsync(Domain);
            Assert.Equal(before + 1, lab.Web.Count(Host));
        }

        lab.Publish(Domain, "2", Enforce);
        lab.Clock.Advance(TimeSpan.FromSeconds(31));
        await AssertModeAsync(lab, PolicyMode.Enforce);
    }

    [Fact] // STS-12a, RFC 8461 §3.3, §10.2
    public async Task Get_RecordUnknownOnFirstContact_WaitsOnceForThePatience()
    {
        await using var lab = StsLab.Start();
        lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
        var unknown = Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        Assert.Equal(lab.Clock.GetUtcNow() + TimeSpan.FromMinutes(15), unknown.Until);
        lab.Clock.Advance(TimeSpan.FromMinutes(14));
        await lab.RestartAsync();
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Assert.Contains(lab.Log.Named("policy-unknown"), logged => logged.Fields["Delivers"] == "True");
    }

    [Fact] // STS-12a: an answer ends the waiting, and the next silence begins it anew
    public async Task Get_RecordKnownAgain_ForgetsTheFirstFailure()
    {
        await using var lab = StsLab.Start();
        lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Dns.ClearFaults();
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
        lab.Clock.Advance(TimeSpan.FromHours(1));
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
    }

    [Fact] // STS-12a: zero means that nobody waits
    public async Task Get_RecordUnknownWithoutPatience_IsNoPolicy()
    {
        await using var lab = StsLab.Start(("MtaSts:UnknownPolicyPatience", "00:00:00"));
        lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // STS-20, RFC 8461 §3.2, §5.1
    public async Task Get_MaxAgeZero_AppliesOnceAndIsNotKept()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", StsLab.Policy("enforce", 0, "mx.example.test"));
        await AssertModeAsync(lab, PolicyMode.Enforce);
        Break(lab, "all-gone");
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Assert.Null(await lab.Cache.FindAsync(StsLab.Name(Domain), StsLab.Token));
    }

    [Fact] // STS-43: single flight
    public async Task Get_ThousandAtOnce_FetchOnce()
    {
        await using var lab = StsLab.Start();
        var held = new TaskCompletionSource();
        lab.Publish(Domain, "1", Enforce);
        lab.Play(Domain, PolicyHostScript.Serve(lab.Authority.Issue(Host), Enforce) with { Until = held.Task });
        var asking = Enumerable.Range(0, 1_000).Select(_ => lab.AskAsync(Domain).AsTask()).ToList();
        held.SetResult();
        Assert.All(await Task.WhenAll(asking), decision => Assert.Equal(PolicyMode.Enforce, decision.Mode));
        Assert.Single(lab.Web.Requests);
        Assert.Equal(1, lab.Dns.Queries.Count(Record, LabDnsType.Txt));
    }

    [Fact] // A message that gives up does not end the look that others wait for.
    public async Task Get_CallerLeaves_TheLookGoesOn()
    {
        await using var lab = StsLab.Start();
        var held = new TaskCompletionSource();
        lab.Publish(Domain, "1", Enforce);
        lab.Play(Domain, PolicyHostScript.Serve(lab.Authority.Issue(Host), Enforce) with { Until = held.Task });
        using var leaving = new CancellationTokenSource();
        var first = lab.Cache.GetAsync(StsLab.Name(Domain), leaving.Token).AsTask();
        var second = lab.AskAsync(Domain).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        held.SetResult();
        Assert.Equal(PolicyMode.Enforce, (await second).Mode);
    }

    [Fact] // RFC 8461 §5.1: the cached answer is on the way of every message
    public async Task Get_Hit_CompletesAtOnceAndAllocatesNothing()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        var (cache, name) = (lab.Cache, StsLab.Name(Domain));
        Assert.Equal(100, Hits(cache, name, 100));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var hits = Hits(cache, name, 1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1_000, hits);
    }

    [Fact] // The operator's refresh asks DNS and policy host, whatever cache and back-off say
    public async Task GetFresh_WithinBackOffAndSameId_AsksBoth()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Publish(Domain, "1", Testing);
        Assert.Equal(PolicyMode.Testing, (await lab.Cache.GetFreshAsync(StsLab.Name(Domain), StsLab.Token)).Mode);
    }

    [Fact] // What is remembered is told without a question to anybody
    public async Task Recall_AnyState_LooksNothingUp()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.Cache.RecallAsync(StsLab.Name(Domain), StsLab.Token));
        Assert.Empty(lab.Dns.Queries.All);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        await lab.RestartAsync();
        lab.Dns.Queries.Clear();
        Assert.Equal(PolicyMode.Enforce, (await lab.Cache.RecallAsync(StsLab.Name(Domain), StsLab.Token)).Mode);
        lab.Clock.Advance(TimeSpan.FromSeconds(Week));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.Cache.RecallAsync(StsLab.Name(Domain), StsLab.Token));
        Assert.Empty(lab.Dns.Queries.All);
    }

    [Fact] // The operator's commands: list, show, forget
    public async Task Forget_Domain_IsAsIfNeverMailed()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        lab.Publish("other.test", "2", Testing);
        await lab.AskAsync(Domain);
        await lab.AskAsync("other.test");
        var all = await lab.Cache.ListAsync(DomainName.Root, 10, StsLab.Token);
        Assert.Equal([Domain, "other.test"], all.Select(policy => policy.Domain.Value));
        Assert.Equal("1", (await lab.Cache.FindAsync(StsLab.Name(Domain), StsLab.Token))?.Id);
        Assert.True(await lab.Cache.ForgetAsync(StsLab.Name(Domain), StsLab.Token));
        Assert.False(await lab.Cache.ForgetAsync(StsLab.Name(Domain), StsLab.Token));
        Break(lab, "all-gone");
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    internal static void Break(StsLab lab, string fault)
    {
        switch (fault)
        {
            case "txt-gone":
                lab.PublishRecord(Domain);
                break;
            case "two-records":
                lab.PublishRecord(Domain, "v=STSv1; id=1;", "v=STSv1; id=2;");
                break;
            case "bad-record":
                lab.PublishRecord(Domain, "v=STSv1; id=no-good;");
                break;
            case "txt-servfail":
                lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
                break;
            case "web-down-new-id":
                lab.PublishRecord(Domain, "v=STSv1; id=2;");
                lab.Play(Domain, new PolicyHostScript { Fault = PolicyHostFault.DropBeforeTls });
                break;
            case "bad-body-new-id":
                lab.Publish(Domain, "2", "version: STSv1\nmode: enforce\n");
                break;
            default:
                lab.PublishRecord(Domain);
                lab.Dns.Zone.Remove(Host);
                break;
        }
    }

    private static int Hits(IPolicyCache cache, DomainName name, int rounds)
    {
        var hits = 0;
        for (var round = 0; round < rounds; round++)
        {
#pragma warning disable CA2012 // Whether it completed at once is the question.
            hits += cache.GetAsync(name, CancellationToken.None).IsCompletedSuccessfully ? 1 : 0;
#pragma warning restore CA2012
        }

        return hits;
    }

    private static CachedPolicy Applied(PolicyDecision decision) => Assert.IsType<PolicyDecision.Applies>(decision).Policy;

    private static async Task AssertModeAsync(StsLab lab, PolicyMode mode, string domain = Domain) =>
        Assert.Equal(mode, Applied(await lab.AskAsync(domain)).Policy.Mode);
}
