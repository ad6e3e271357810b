using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.MtaSts.Policies;

namespace Relay.Tests.Enforcement;

/// <summary>The rows of scope discovery through the whole relay, with each mode remembered before.</summary>
public sealed class DiscoveryTableTests(TableRelay table) : IClassFixture<TableRelay>
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Due = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    // Longer than MtaSts:UnknownPolicyPatience.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(16);

    public static TheoryData<string, string> Cases =>
        EnforcementRow.Cases(row => row.Scope == "discovery" && !UncoveredRows.IsOutOfScope(row));

    [Theory] // STS-11, STS-12, STS-12a, STS-28 to STS-33, STS-38 to STS-44, STS-51, STS-69, STS-70, STS-72, RFC 8461 §3.3, §5, §6
    [MemberData(nameof(Cases))]
    public async Task Discovery_OfRow_AppliesAndReportsAsTheTableSays(string name, string mode)
    {
        var (lab, relay, row) = (table.Lab, table.Relay, EnforcementRow.Of(name));
        var scene = new DiscoveryScene(lab, row, mode);
        var host = lab.AddGoodMx(scene.OldMx, scene.NewMx);
        lab.Point(scene.OldMx, host);
        lab.Point(scene.NewMx, host);
        lab.SetMx(scene.Domain, scene.OldMx);
        if (mode != "no_policy")
        {
            await RememberAsync(scene, mode);
        }

        scene.Happen();
        await LetHappenAsync(scene, name, mode);
        var (connections, known, fetches) =
            (host.Connections.Count, lab.Observations.For(scene.Domain).Count, lab.Web.Count(scene.PolicyHost));
        if (name == "cached-policy-refresh-due-fails")
        {
            known = 0;
        }

        await PolicyLab.SendAsync(relay, $"ann@{scene.Domain}");
        var fate = name == "policy-fetch-timeout"
            ? await AfterTimeoutAsync(scene, row, mode)
            : await PolicyLab.FateAsync(relay, $"ann@{scene.Domain}");
        AssertDetails(row, mode, [.. lab.Observations.For(scene.Domain).Skip(known).Where(one => one.Count == ObservationCount.DetailsOnly)]);
        await AssertAppliedAsync(row, mode, scene, fate, host, connections);
        if (name is "policy-fetch-backoff" or "txt-id-unchanged")
        {
            // STS-38, STS-43
            Assert.Equal(fetches, lab.Web.Count(scene.PolicyHost));
        }
    }

    // Mail does not hold its place for the whole of the limit: it goes on under the old policy, or comes again.
    private async Task<string> AfterTimeoutAsync(DiscoveryScene scene, EnforcementRow row, string mode)
    {
        var (lab, known) = (table.Lab, table.Lab.Observations.For(scene.Domain).Count);
        var fetches = mode == "no_policy" ? 1 : 2;
        await Poll.UntilAsync(() => lab.Web.Count(scene.PolicyHost) == fetches, PolicyLab.Token);
        lab.Clock.Advance(TableRelay.FetchTimeout);
        var fate = await PolicyLab.FateAsync(table.Relay, $"ann@{scene.Domain}");
        await Poll.UntilAsync(() => row.Count(mode) == "none" || lab.Observations.For(scene.Domain).Skip(known).Any(one => one.Count == ObservationCount.DetailsOnly), PolicyLab.Token);
        if (mode != "no_policy")
        {
            return fate;
        }

        Assert.Contains(" reason=sts-policy-unknown ", fate, StringComparison.Ordinal);
        return await PolicyLab.SendAndSeeAsync(table.Relay, $"bob@{scene.Domain}");
    }

    private async Task RememberAsync(DiscoveryScene scene, string mode)
    {
        table.Lab.Publish(scene.Domain, "old", PolicyLab.Policy(mode, scene.OldAge, scene.OldMx));
        var first = await PolicyLab.SendAndSeeAsync(table.Relay, $"first@{scene.Domain}");
        Assert.Contains($" sts={mode} sts-id=old ", first, StringComparison.Ordinal);
        Assert.Equal("delivered", PolicyLab.EventOf(first));
    }

    private async Task LetHappenAsync(DiscoveryScene scene, string name, string mode)
    {
        var clock = table.Lab.Clock;
        if (name.StartsWith("cached-policy-expired", StringComparison.Ordinal))
        {
            clock.Advance(TimeSpan.FromSeconds(DiscoveryScene.ShortAge + 1));
        }
        else if (name == "policy-fetch-backoff")
        {
            await PolicyLab.SendAndSeeAsync(table.Relay, $"second@{scene.Domain}");
        }
        else if (name == "cached-policy-refresh-due-fails" && mode != "no_policy")
        {
            var asked = table.Lab.Dns.Queries.ReceivedAsync($"_mta-sts.{scene.Domain}", LabDnsType.Txt, 2, PolicyLab.Token);
            clock.Advance(Due);
            while (!asked.IsCompleted)
            {
                // The refresher's next pass is set by itself, after the clock has moved.
                await Task.WhenAny(asked, Task.Delay(Quiet, TimeProvider.System, PolicyLab.Token));
                clock.Advance(asked.IsCompleted ? TimeSpan.Zero : Minute);
            }

            if (mode != "none")
            {
                await PolicyLab.LineAsync(table.Relay, line => PolicyLab.EventOf(line) == "policy-kept" && line.Contains($" domain={scene.Domain} ", StringComparison.Ordinal));
            }
        }
    }

    private async Task AssertAppliedAsync(
        EnforcementRow row, string mode, DiscoveryScene scene, string fate, LabMx host, int connections)
    {
        switch (row.Outcome(mode))
        {
            case "apply-new":
                AssertDelivered(fate, " verified=pkix ", " sts=enforce sts-id=new ");
                break;
            case "apply-cached" when mode == "enforce":
                Assert.Equal("deferred", PolicyLab.EventOf(fate));
                Assert.Contains(" sts=enforce sts-id=old ", fate, StringComparison.Ordinal);
                Assert.Contains(" dsn=4.7.0 ", fate, StringComparison.Ordinal);
                Assert.Equal(connections, host.Connections.Count);
                break;
            case "apply-cached":
                AssertDelivered(fate, " sts=testing sts-id=old ");
                Assert.Contains(table.Relay.Log.Of("sts-testing"), line => line.Contains($" domain={scene.Domain} ", StringComparison.Ordinal));
                break;
            case "defer-then-opportunistic":
                Assert.Equal("deferred", PolicyLab.EventOf(fate));
                Assert.Equal(connections, host.Connections.Count);
                table.Lab.Clock.Advance(Patience);
                AssertOpportunistic(await PolicyLab.SendAndSeeAsync(table.Relay, $"later@{scene.Domain}"));
                break;
            default:
                AssertOpportunistic(fate);
                break;
        }
    }

    private static void AssertOpportunistic(string fate)
    {
        AssertDelivered(fate);
        Assert.DoesNotContain(" sts=enforce ", fate, StringComparison.Ordinal);
        Assert.DoesNotContain(" sts=testing ", fate, StringComparison.Ordinal);
    }

    private static void AssertDelivered(string fate, params string[] parts)
    {
        Assert.True(PolicyLab.EventOf(fate) == "delivered", fate);
        Assert.All(parts, part => Assert.Contains(part, fate, StringComparison.Ordinal));
    }

    private static void AssertDetails(EnforcementRow row, string mode, IReadOnlyList<TlsObservation> details)
    {
        if (row.Count(mode) == "none")
        {
            Assert.Empty(details);
            return;
        }

        var isExpired = row.Event.StartsWith("cached-policy-expired", StringComparison.Ordinal);

        // Decision 0053: the vectors' README has no-policy-found where no policy is at hand.
        Assert.All(details, detail => Assert.Equal("sts", detail.Policy.Type.ToWord()));
        Assert.All(details, detail => Assert.Equal(mode == "no_policy" || isExpired, detail.Policy == StsPolicy.Unavailable));
        var failure = Assert.Single(details[0].Failures);
        Assert.Equal(row.ResultTypes[0], failure.Type.ToWord());
        if (!row.Event.StartsWith("cached-policy", StringComparison.Ordinal))
        {
            // Those name the occasion; the relay names the cause, which says more.
            Assert.Single(details);
            Assert.StartsWith(row.ReasonCode!.Replace("5xx", "5", StringComparison.Ordinal), failure.Reason, StringComparison.Ordinal);
        }
    }
}
