using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

/// <summary>The discovery rows of cert-result.json about time: expiry, back-off, refresh.</summary>
public sealed class PolicyObservationTests
{
    private const string Domain = "example.test";
    private const string Record = "_mta-sts.example.test";
    private const string Host = "mta-sts.example.test";
    private const int Day = 86_400;

    [Theory] // STS-69, RFC 8461 §6: cached-policy-expired-refresh-fails
    [InlineData("enforce")]
    [InlineData("testing")]
    [InlineData("none")]
    public async Task Expired_AndFetchFails_IsNoPolicyAndReportedAsOneNotToBeHad(string mode)
    {
        await using var lab = await ExpireAsync(mode);
        lab.Play(Domain, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Status = 404 });
        Assert.True(Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain)).IsAnnounced);
        var detail = Assert.Single(lab.Observations.All);
        Assert.Equal((StsPolicy.Unavailable, ObservationCount.DetailsOnly), (detail.Policy, detail.Count));
        Assert.Equal(TlsResultType.StsPolicyFetchError, Assert.Single(detail.Failures).Type);
    }

    [Theory] // STS-42, STS-12a: cached-policy-expired-txt-absent, cached-policy-expired-txt-temporary-failure
    [InlineData("enforce")]
    [InlineData("testing")]
    [InlineData("none")]
    public async Task Expired_AndRecordGoneOrSilent_IsNotReported(string mode)
    {
        await using var lab = await ExpireAsync(mode);
        lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Dns.ClearFaults();
        lab.PublishRecord(Domain);
        lab.LetTtlPass();
        Assert.False(Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain)).IsAnnounced);
        Assert.Empty(lab.Observations.All);
    }

    [Theory] // STS-38, STS-70: policy-fetch-backoff and cached-policy-refresh-due-fails
    [InlineData("enforce", 1)]
    [InlineData("testing", 1)]
    [InlineData("none", 0)]
    public async Task Refresh_Fails_IsReportedOnceAndNotDuringTheBackOff(string mode, int reported)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", StsLab.Policy(mode, 7 * Day, "mx.example.test"));
        await lab.AskAsync(Domain);
        lab.Play(Domain, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Status = 500 });
        lab.Clock.Advance(TimeSpan.FromDays(1));
        await lab.Refresher.PassAsync(StsLab.Token);
        await lab.AskAsync(Domain);
        lab.Clock.Advance(TimeSpan.FromMinutes(4));
        await lab.AskAsync(Domain);
        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Equal(reported, lab.Observations.All.Count);
        Assert.All(lab.Observations.All, detail => Assert.Equal(("sts", ObservationCount.DetailsOnly), (detail.Policy.Type.ToWord(), detail.Count)));
    }

    private static async Task<StsLab> ExpireAsync(string mode)
    {
        var lab = StsLab.Start();
        lab.Publish(Domain, "1", StsLab.Policy(mode, Day, "mx.example.test"));
        Assert.IsType<PolicyDecision.Applies>(await lab.AskAsync(Domain));
        lab.Clock.Advance(TimeSpan.FromDays(1));
        return lab;
    }
}
