using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;
using Relay.Tls;

namespace Relay.MtaSts.Tests.Enforcement;

public sealed class MtaStsMiddlewareTests
{
    private const string Domain = "example.test";
    private const string Listed = "mx.example.test";
    private const string Unlisted = "mx.evil.test";

    private static readonly string Enforce = StsLab.Policy("enforce", 86_400, Listed, "*.backup.test");
    private static readonly string Testing = StsLab.Policy("testing", 86_400, Listed);
    private static readonly string None = StsLab.Policy("none", 86_400);

    private static readonly DeliveryStep GoodTls = Attempts.Transport(_ => (TlsSessionResult.Established, Attempts.Good, string.Empty));

    [Fact] // STS-53, STS-57, STS-73, RFC 8461 §4
    public async Task Enforce_ListedHost_IsHeldToVerifiedTlsAndLogged()
    {
        await using var lab = Lab(Enforce);
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Listed), GoodTls);
        Assert.Equal(TlsRequirement.VerifiedPkix, attempt.Hosts[0].Requirement);
        Assert.All(attempt.Recipients, recipient => Assert.IsType<DeliveryOutcome.Delivered>(recipient.Outcome));
        Assert.Equal([new("sts", "enforce"), new("sts-id", "1"), new("pattern", Listed)], attempt.LogFields);
        var verified = Assert.Single(lab.Log.Named("sts-verified")).Fields;
        Assert.Equal(("1", Listed, "pkix"), (verified["StsId"], verified["Pattern"], verified["Verified"]));
    }

    [Fact] // STS-59, STS-61, STS-62, RFC 8461 §5, §5.1
    public async Task Enforce_UnlistedHost_IsRefusedBeforeAnyConnectionAndTheMailWaits()
    {
        await using var lab = Lab(Enforce);
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Unlisted), GoodTls);
        Assert.Empty(attempt.Sessions);
        var failure = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome).Failure;
        Assert.Equal(("sts-no-usable-mx", new(4, 7, 0)), (failure.Reason, failure.Status));
        Assert.Contains("id 1, mode enforce, fetched 2026-11-22T12:00:00Z", failure.Text, StringComparison.Ordinal);
        Assert.Contains($"{Unlisted} is not listed", failure.Text, StringComparison.Ordinal);
        var refused = Assert.Single(lab.Log.Named("mx-refused"));
        Assert.Equal((LogLevel.Warning, "sts-mx-not-listed"), (refused.Level, refused.Fields["Reason"]));
    }

    [Fact] // STS-61, RFC 8461 §5.1
    public async Task Enforce_PreferredUnlisted_UsesTheNextAndKeepsTheListWhole()
    {
        await using var lab = Lab(Enforce);
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Unlisted, Listed, "other.evil.test"), GoodTls);
        Assert.Equal(3, attempt.Hosts.Count);
        Assert.Equal(Listed, Assert.Single(attempt.Sessions).Host.ToString());
        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);

        // The host behind the one that took the mail was never in question.
        Assert.Equal(Unlisted, Assert.Single(lab.Log.Named("mx-refused")).Fields["Mx"]);
        Assert.Equal([ObservationCount.Failure, ObservationCount.Success], lab.Observations.All.Select(observation => observation.Count));
    }

    [Fact] // RPT-19, RPT-45, RFC 8460 §3
    public async Task Enforce_TlsReport_IsHeldToNothingAndLeavesNoObservation()
    {
        await using var lab = Lab(Enforce);
        var bad = Attempts.Transport(_ => (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.Expired), string.Empty));
        var attempt = await DeliverAsync(lab, Attempts.ReportTo(Domain, Unlisted), bad);
        Assert.Null(attempt.Hosts[0].Refusal);
        Assert.Equal(TlsRequirement.Opportunistic, attempt.Hosts[0].Requirement);
        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
        Assert.Empty(lab.Observations.All);
    }

    [Fact] // STS-56, RFC 8461 §4.1
    public async Task Enforce_ImplicitMxNotListed_IsRefused()
    {
        await using var lab = Lab(Enforce);
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Domain), GoodTls);
        Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome);
    }

    [Fact] // STS-60, RFC 8461 §5: as without a policy, and noted
    public async Task Testing_UnlistedHostInClear_GetsTheMailAndIsNoted()
    {
        await using var lab = Lab(Testing);
        var attempt = await DeliverAsync(
            lab, Attempts.To(Domain, Unlisted), Attempts.Transport(_ => (TlsSessionResult.StartTlsNotOffered, null, string.Empty)));
        Assert.Equal(TlsRequirement.Opportunistic, attempt.Hosts[0].Requirement);
        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
        Assert.Equal("sts-mx-not-listed", Assert.Single(lab.Log.Named("sts-testing")).Fields["Reason"]);
        Assert.Equal(ObservationCount.Failure, Assert.Single(lab.Observations.All).Count);
    }

    [Theory] // RPT-15, RFC 8460 §4.2, §4.3.2.2: announced and not to be had: one entry, whose totals are those of the sessions
    [InlineData(TlsSessionResult.Established, ObservationCount.Success)]
    [InlineData(TlsSessionResult.StartTlsNotOffered, ObservationCount.Failure)]
    public async Task Announced_PolicyNotToBeHad_CountsSessionsThereByTheirTls(TlsSessionResult result, ObservationCount count)
    {
        await using var lab = Lab("this is no policy");
        var transport = Attempts.Transport(_ => (result, result == TlsSessionResult.Established ? Attempts.Good : null, string.Empty));
        await DeliverAsync(lab, Attempts.To(Domain, Listed), transport);

        // While the policy host is left alone it is no different.
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Unlisted), transport);
        Assert.Equal([ObservationCount.DetailsOnly, count, count], lab.Observations.All.Select(one => one.Count));
        Assert.All(lab.Observations.All, one => Assert.Equal(StsPolicy.Unavailable, one.Policy));
        Assert.Equal(TlsRequirement.Opportunistic, attempt.Hosts[0].Requirement);
        Assert.Empty(lab.Log.Named("mx-refused"));
        Assert.Empty(attempt.LogFields);

        // The record is gone: nothing is announced any more.
        lab.PublishRecord(Domain);
        lab.LetTtlPass();
        await DeliverAsync(lab, Attempts.To(Domain, Listed), transport);
        Assert.Equal(ObservedPolicy.NoPolicyFound, lab.Observations.All[^1].Policy);
    }

    [Theory] // STS-62: a policy never weakens what another plugin demands
    [InlineData("testing")]
    [InlineData("none")]
    public async Task WeakPolicy_HostAlreadyUnderADemand_LeavesItStanding(string mode)
    {
        await using var lab = Lab(mode == "none" ? None : Testing);
        var attempt = Attempts.To(Domain, Listed);
        attempt.Hosts[0].Require(TlsRequirement.VerifiedPkix);
        await DeliverAsync(lab, attempt, GoodTls);
        Assert.Equal(TlsRequirement.VerifiedPkix, attempt.Hosts[0].Requirement);
    }

    [Fact] // STS-63, RFC 8461 §5, §5.1
    public async Task Final_PolicyChangedUnderTheSameId_IsFetchedAndApplied()
    {
        await using var lab = Lab(Enforce);
        await DeliverAsync(lab, Attempts.To(Domain, Unlisted), GoodTls);
        lab.Publish(Domain, "1", StsLab.Policy("enforce", 86_400, Unlisted));
        lab.Clock.Advance(TimeSpan.FromMinutes(6));
        var queries = lab.Dns.Queries.Count($"_mta-sts.{Domain}", LabDnsType.Txt);
        var last = await DeliverAsync(lab, Attempts.To(Domain, isFinal: true, Unlisted), GoodTls);
        Assert.IsType<DeliveryOutcome.Delivered>(last.Recipients[0].Outcome);
        Assert.True(lab.Dns.Queries.Count($"_mta-sts.{Domain}", LabDnsType.Txt) > queries);
    }

    [Fact] // STS-63: the policy host is down, the old policy stands, and the text for the bounce names it
    public async Task Final_PolicyCannotBeFetched_StaysRefused()
    {
        await using var lab = Lab(Enforce);
        await DeliverAsync(lab, Attempts.To(Domain, Unlisted), GoodTls);
        lab.Play(Domain, new PolicyHostScript { Fault = PolicyHostFault.DropBeforeTls });
        var last = await DeliverAsync(lab, Attempts.To(Domain, isFinal: true, Unlisted), GoodTls);
        Assert.Contains(
            "id 1, mode enforce", Assert.IsType<DeliveryOutcome.Deferred>(last.Recipients[0].Outcome).Failure.Text, StringComparison.Ordinal);
    }

    [Fact] // STS-63, RFC 8461 §5.1: the operator's word makes the policy decide, so it is looked for as one that does
    public async Task Final_OverrideEnforcesATestingPolicy_IsFetchedBeforeTheMailIsGivenUp()
    {
        await using var lab = StsLab.Start(("MtaSts:Domains:0:Domain", Domain), ("MtaSts:Domains:0:Mode", "Enforce"));
        lab.Publish(Domain, "1", Testing);
        await DeliverAsync(lab, Attempts.To(Domain, Unlisted), GoodTls);
        lab.Publish(Domain, "1", StsLab.Policy("testing", 86_400, Unlisted));
        lab.Clock.Advance(TimeSpan.FromHours(1));
        var last = await DeliverAsync(lab, Attempts.To(Domain, isFinal: true, Unlisted), GoodTls);
        Assert.IsType<DeliveryOutcome.Delivered>(last.Recipients[0].Outcome);
        Assert.Equal(2, lab.Web.Count($"mta-sts.{Domain}"));
    }

    [Fact] // RFC 8461 §3.3: a message on its last attempt has no other time to come again
    public async Task Final_FirstContactAndSlowHost_WaitsForThePolicy()
    {
        await using var lab = Lab(Enforce);
        var held = new TaskCompletionSource();
        lab.Play(Domain, PolicyHostScript.Serve(lab.Authority.Issue($"mta-sts.{Domain}"), Enforce) with { Until = held.Task });
        var delivering = DeliverAsync(lab, Attempts.To(Domain, isFinal: true, Listed), GoodTls);
        await Poll.UntilAsync(() => lab.Web.Requests.Count == 1, StsLab.Token);
        lab.Clock.Advance(TimeSpan.FromSeconds(6));
        held.SetResult();
        Assert.IsType<DeliveryOutcome.Delivered>((await delivering).Recipients[0].Outcome);
    }

    [Fact] // STS-12a, RFC 8461 §10.2
    public async Task Unknown_RecordNotToBeHad_WaitsWithoutConnecting()
    {
        await using var lab = StsLab.Start();
        lab.Dns.SetFault($"_mta-sts.{Domain}", LabDnsType.Txt, LabDnsFault.ServerFailure);
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Listed), GoodTls);
        Assert.Empty(attempt.Sessions);
        var failure = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[1].Outcome).Failure;
        Assert.Equal(("sts-policy-unknown", new(4, 7, 5)), (failure.Reason, failure.Status));
    }

    [Fact] // STS-15, RFC 8461 §3.4
    public async Task AddressLiteral_HasNoPolicyAndAsksNobody()
    {
        await using var lab = Lab(Enforce);
        var attempt = Attempts.To(Domain, Unlisted);
        attempt.PolicyDomain = null;
        await DeliverAsync(lab, attempt, GoodTls);
        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
        Assert.Empty(lab.Dns.Queries.All);
        Assert.Empty(lab.Observations.All);
    }

    [Fact] // STS-14, STS-16, RFC 8461 §3.4: the attempt's policy domain and no other
    public async Task FixedRoute_NextHopsPolicyApplies()
    {
        await using var lab = Lab(Enforce);
        var attempt = Attempts.To("corp.test", "smart.example.test");
        attempt.PolicyDomain = StsLab.Name(Domain);
        await DeliverAsync(lab, attempt, GoodTls);
        Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome);
        Assert.DoesNotContain(lab.Dns.Queries.All, query => query.Name.Contains("corp", StringComparison.Ordinal));
    }

    [Theory] // Overrides say the operator's word, and say so
    [InlineData("Off", "enforce", true, null)]
    [InlineData("Testing", "enforce", true, "testing")]
    [InlineData("Enforce", "testing", false, "enforce")]
    [InlineData("Enforce", "none", true, "none")]
    public async Task Override_Decides_AndIsLogged(string word, string published, bool delivers, string? sts)
    {
        await using var lab = StsLab.Start(("MtaSts:Domains:0:Domain", "Example.TEST"), ("MtaSts:Domains:0:Mode", word));
        lab.Publish(Domain, "1", StsLab.Policy(published, 86_400, Listed));
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Unlisted), GoodTls);
        Assert.Equal(delivers, attempt.Recipients[0].Outcome is DeliveryOutcome.Delivered);
        Assert.Equal(sts, attempt.LogFields.FirstOrDefault(field => field.Key == "sts").Value);
        Assert.Equal(published == "none" ? 0 : 1, lab.Log.Named("sts-override").Count);
    }

    [Fact] // An override ends when its time comes
    public async Task Override_Past_DecidesNothing()
    {
        await using var lab = StsLab.Start(
            ("MtaSts:Domains:0:Domain", Domain), ("MtaSts:Domains:0:Mode", "Off"), ("MtaSts:Domains:0:Until", "2026-11-22T12:00:00Z"));
        lab.Publish(Domain, "1", Enforce);
        Assert.IsType<DeliveryOutcome.Deferred>((await DeliverAsync(lab, Attempts.To(Domain, Unlisted), GoodTls)).Recipients[0].Outcome);
        Assert.Empty(lab.Log.Named("sts-override"));
    }

    [Fact] // RFC 8460 §4.2: sessions are counted, not messages
    public async Task PooledConnection_SecondMessage_IsNotCountedAgain()
    {
        await using var lab = Lab(Enforce);
        await DeliverAsync(lab, Attempts.To(Domain, Listed), GoodTls);
        await DeliverAsync(
            lab, Attempts.To(Domain, Listed), Attempts.Transport(_ => (TlsSessionResult.Established, Attempts.Good, string.Empty), isFirstUse: false));
        var observation = Assert.Single(lab.Observations.All);
        Assert.Equal(("sts", Enforce.TrimEnd(), ObservationCount.Success), (observation.Policy.Type.ToWord(), string.Join('\n', observation.Policy.Strings), observation.Count));
    }

    [Fact] // STS-59: the refusal of STARTTLS, whatever its class, is transient under a policy (RFC 8461 §5.1)
    public async Task Enforce_EveryHostFails_NamesEachFaultAndDefersDespiteABounce()
    {
        await using var lab = Lab(Enforce);
        var attempt = await DeliverAsync(lab, Attempts.To(Domain, Listed, "a.backup.test"), Attempts.Transport(host => host.ToString() == Listed
            ? (TlsSessionResult.StartTlsRefused, null, "starttls-reply-554")
            : (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.Expired), string.Empty)));
        Assert.Equal(2, attempt.Sessions.Count);
        var failure = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome).Failure;
        Assert.Equal(new(4, 7, 5), failure.Status);
        Assert.Contains($"{Listed} does not give STARTTLS (starttls-reply-554)", failure.Text, StringComparison.Ordinal);
        Assert.Contains("a.backup.test shows an expired certificate", failure.Text, StringComparison.Ordinal);
    }

    private static StsLab Lab(string policy)
    {
        var lab = StsLab.Start();
        lab.Publish(Domain, "1", policy);
        return lab;
    }

    private static async Task<DeliveryAttempt> DeliverAsync(StsLab lab, DeliveryAttempt attempt, DeliveryStep transport)
    {
        await lab.Middleware.InvokeAsync(attempt, transport, StsLab.Token);
        return attempt;
    }
}
