using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

/// <summary>The look before a message is given up for a policy.</summary>
public sealed class LastAttemptTests
{
    private const string Domain = "example.test";
    private const string Record = "_mta-sts.example.test";
    private const string Host = "mta-sts.example.test";
    private const int Week = 604_800;

    private static readonly string Enforce = StsLab.Policy("enforce", Week, "mx.example.test");
    private static readonly string Testing = StsLab.Policy("testing", Week, "mx.example.test");

    [Theory] // STS-38, STS-63, RFC 8461 §3.3, §5.1: what was fetched a moment ago serves the next that is given up
    [InlineData("bad-host", false)]
    [InlineData("good", false)]
    [InlineData("bad-host", true)]
    [InlineData("good", true)]
    public async Task GetForLastAttempt_ManyInARow_FetchOnceInFiveMinutes(string host, bool restarts)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Clock.Advance(TimeSpan.FromHours(2));
        if (host == "bad-host")
        {
            lab.Play(Domain, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Status = 500 });
        }

        for (var message = 0; message < 30; message++)
        {
            Assert.Equal(PolicyMode.Enforce, (await LastAsync(lab)).Mode);
            lab.Clock.Advance(TimeSpan.FromSeconds(9));
            if (restarts && message == 10)
            {
                await lab.RestartAsync();
            }
        }

        Assert.Equal(2, lab.Web.Count(Host));
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        await LastAsync(lab);
        Assert.Equal(3, lab.Web.Count(Host));
    }

    [Fact] // STS-63, RFC 8461 §5.1: a new id is not missed for the sake of a fetch a moment ago
    public async Task GetForLastAttempt_NewIdAfterAFailure_IsFetchedAtOnce()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Play(Domain, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Status = 500 });
        lab.Clock.Advance(TimeSpan.FromHours(1));
        await LastAsync(lab);
        lab.Publish(Domain, "2", Testing);
        lab.Clock.Advance(TimeSpan.FromSeconds(301));
        Assert.Equal(PolicyMode.Testing, (await LastAsync(lab)).Mode);
    }

    [Fact] // STS-63, RFC 8461 §5, §5.1: DNS is asked, however long it said that its answer holds
    public async Task GetForLastAttempt_WithinTheTimeToLive_AsksDnsForANewId()
    {
        await using var lab = StsLab.Start();
        lab.Dns.Zone.WithTtl(86_400);
        lab.Publish(Domain, "1", Enforce);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        lab.Clock.Advance(TimeSpan.FromMinutes(50));
        lab.Publish(Domain, "2", Testing);
        await AssertModeAsync(lab, PolicyMode.Enforce);
        Assert.Equal(1, lab.Dns.Queries.Count(Record, LabDnsType.Txt));
        var last = Applied(await LastAsync(lab));
        Assert.Equal((PolicyMode.Testing, "2"), (last.Policy.Mode, last.Id));
        Assert.Equal(2, lab.Dns.Queries.Count(Record, LabDnsType.Txt));
    }

    private static ValueTask<PolicyDecision> LastAsync(StsLab lab) =>
        lab.Cache.GetForLastAttemptAsync(StsLab.Name(Domain), "Q1", StsLab.Token);

    private static CachedPolicy Applied(PolicyDecision decision) => Assert.IsType<PolicyDecision.Applies>(decision).Policy;

    private static async Task AssertModeAsync(StsLab lab, PolicyMode mode) =>
        Assert.Equal(mode, Applied(await lab.AskAsync(Domain)).Policy.Mode);
}
