using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Tests.Enforcement;

/// <summary>The rows of scope session and routing through the whole relay: every row under every mode.</summary>
public sealed class EnforcementTableTests(TableRelay table) : IClassFixture<TableRelay>
{
    public static TheoryData<string, string> Cases =>
        EnforcementRow.Cases(row => row.Scope is "session" or "routing" && !UncoveredRows.IsOutOfScope(row));

    [Fact]
    public void Table_EveryRow_IsDrivenOrExcludedWithAReason()
    {
        var driven = Cases.Concat(DiscoveryTableTests.Cases).Select(row => row.Data.Item1).ToHashSet();
        var leftOver = EnforcementRow.All.Where(row => row.Scope != "dane" && !driven.Contains(row.Event)).Select(row => row.Event);
        Assert.Equal(UncoveredRows.Reasons.Keys.Order(StringComparer.Ordinal), leftOver.Order(StringComparer.Ordinal));
    }

    [Theory] // STS-53 to STS-62, STS-66, STS-71, STS-73, RFC 8461 §4, §5, §5.1, §6
    [MemberData(nameof(Cases))]
    public async Task Session_OfRow_IsDeliveredDeferredLoggedAndCountedAsTheTableSays(string name, string mode)
    {
        var (lab, row) = (table.Lab, EnforcementRow.Of(name));
        using var scene = new SessionScene(lab, row, mode);
        scene.SetUp();
        if (mode != "no_policy")
        {
            lab.Publish(scene.PolicyDomain, "1", PolicyLab.Policy(mode, PolicyLab.LongAge, name == "smart-host-route" ? "else.test" : scene.Listed));
        }

        var earlier = name == "starttls-withdrawn" ? await DeliverOverTlsAsync(scene) : 0;
        await PolicyLab.SendAsync(table.Relay, scene.Recipient);
        if (scene.Limit is { } limit)
        {
            await lab.Clock.TimerScheduledAsync(limit, PolicyLab.Token);
            lab.Clock.Advance(limit);
        }

        var fate = await PolicyLab.FateAsync(table.Relay, scene.Recipient);
        scene.Host?.Release();
        AssertOutcome(row, mode, fate);
        AssertPolicyLogged(row, mode, scene, fate);
        AssertHosts(row, mode, scene);
        AssertObservations(row, mode, [.. lab.Observations.For(scene.PolicyDomain).Skip(earlier)]);
    }

    // The host offers STARTTLS once, and closes, so that the next message finds no open connection.
    private async Task<int> DeliverOverTlsAsync(SessionScene scene)
    {
        scene.Host!.ForNextConnection(table.Lab.Good(scene.Listed).At(MxRule.EndOfData, MxAction.ReplyAndClose("250 2.0.0 Taken")));
        Assert.Contains(" tls=TLS", await PolicyLab.SendAndSeeAsync(table.Relay, $"early@{scene.Domain}"), StringComparison.Ordinal);
        await scene.Host.Connections[0].Ended.WaitAsync(PolicyLab.Token);
        return table.Lab.Observations.For(scene.PolicyDomain).Count;
    }

    private static void AssertOutcome(EnforcementRow row, string mode, string fate)
    {
        var (name, parts) = row.Outcome(mode) switch
        {
            "deliver" when row.Event == "recipient-address-literal" => ("delivered", [" tls=TLS"]),
            "deliver" => ("delivered", [" tls=TLS", " verified=pkix "]),
            "deliver-unverified-tls" => ("delivered", [" tls=TLS"]),
            "deliver-plaintext" => ("delivered", [" verified=none "]),
            "bounce" => ("bounced", Array.Empty<string>()),
            _ => ("deferred", []),
        };
        Assert.True(PolicyLab.EventOf(fate) == name, fate);
        Assert.All(parts, part => Assert.Contains(part, fate, StringComparison.Ordinal));
        if (row.Outcome(mode) == "deliver-unverified-tls")
        {
            Assert.DoesNotContain(" verified=pkix ", fate, StringComparison.Ordinal);
        }

        if (name != "delivered" && row.Status is { } status)
        {
            Assert.Contains($" dsn={status} ", fate, StringComparison.Ordinal);
        }
    }

    private void AssertPolicyLogged(EnforcementRow row, string mode, SessionScene scene, string fate)
    {
        var refused = row.Count(mode) == "failure" && mode == "enforce";
        var noted = row.Count(mode) == "failure" && mode == "testing";
        var about = $" domain={scene.PolicyDomain} ";
        Assert.Equal(refused, table.Relay.Log.Of("mx-refused").Any(line => line.Contains(about, StringComparison.Ordinal)));
        Assert.Equal(noted, table.Relay.Log.Of("sts-testing").Any(line => line.Contains(about, StringComparison.Ordinal)));
        if (mode != "no_policy" && row.Scope == "session")
        {
            Assert.Contains($" sts={mode} sts-id=1 ", fate, StringComparison.Ordinal);
            if (mode != "none" && row.Outcome(mode).StartsWith("deliver", StringComparison.Ordinal) && row.ReasonCode != "mx-mismatch")
            {
                // STS-73, at the default level: policy id, pattern and what the certificate was worth.
                Assert.Contains(" verified=", fate, StringComparison.Ordinal);
                Assert.Contains(" pattern=", fate, StringComparison.Ordinal);
            }
        }

        if (refused && row.Outcome(mode) == "defer")
        {
            Assert.Contains(" reason=sts-no-usable-mx ", fate, StringComparison.Ordinal);
            Assert.Contains($"policy of {scene.PolicyDomain} (id 1, mode enforce, fetched 2026-11-2", fate, StringComparison.Ordinal);
        }
    }

    private void AssertHosts(EnforcementRow row, string mode, SessionScene scene)
    {
        var lab = table.Lab;
        var taker = mode != "enforce" && scene.Unlisted is not null ? scene.Unlisted : scene.Host;
        var took = (taker?.Messages ?? []).Count(message => message.Recipients.Contains(scene.Recipient));
        Assert.Equal(row.Outcome(mode).StartsWith("deliver", StringComparison.Ordinal) ? 1 : 0, took);
        if (mode == "enforce" && (scene.Unlisted ?? (row.ReasonCode == "mx-mismatch" ? scene.Host : null)) is { } unlisted)
        {
            // STS-59, RFC 8461 §5.1: not even a connection.
            Assert.Empty(unlisted.Connections);
        }
        else if (mode == "enforce" && row.Count(mode) == "failure")
        {
            // STS-59: nothing of the message is shown to a host that fails.
            Assert.NotEmpty(scene.Host!.Connections);
            Assert.DoesNotContain(scene.Host.Commands, command => command.Line.Contains(scene.Recipient, StringComparison.Ordinal));

            // Not even who sends, in clear or in TLS; but for the message of before.
            Assert.Equal(row.Event == "starttls-withdrawn" ? 1 : 0, scene.Host.Commands.Count(command => command.Verb is "MAIL"));
        }

        if (row.Event.StartsWith("cert-", StringComparison.Ordinal) && row.Event != "cert-idn-a-label")
        {
            // STS-66: the MX host's own name, which the certificate is judged by. SslStream shows its server U-labels.
            Assert.All(scene.Host!.Connections, connection => Assert.Equal(scene.Listed, connection.ServerName));
        }

        if (row.Event == "subdomain-of-policy-domain")
        {
            // STS-13
            Assert.Equal(0, lab.Dns.Queries.Count("_mta-sts." + scene.Domain[(scene.Domain.IndexOf('.', StringComparison.Ordinal) + 1)..], LabDnsType.Txt));
        }
    }

    private static void AssertObservations(EnforcementRow row, string mode, IReadOnlyList<TlsObservation> observations)
    {
        if (row.Count(mode) == "none" || row.Event == "recipient-address-literal")
        {
            // An address literal has no policy domain, hence nobody to report to.
            Assert.Empty(observations);
            return;
        }

        Assert.All(observations, one => Assert.Equal(mode is "enforce" or "testing" ? "sts" : "no-policy-found", one.Policy.Type.ToWord()));
        if (row.Count(mode) == "success")
        {
            var success = Assert.Single(observations);
            Assert.Equal(ObservationCount.Success, success.Count);
            Assert.Empty(success.Failures);
            return;
        }

        var failure = Assert.Single(observations, one => one.Count == ObservationCount.Failure);
        Assert.Equal(row.ResultTypes, failure.Failures.Select(fault => fault.Type.ToWord()));
        AssertReason(row, failure.Failures[0].Reason);
    }

    // The table's reasons are proposals: where it names a class or leaves one open, any word will do that says as much.
    private static void AssertReason(EnforcementRow row, string reason)
    {
        switch (row.ReasonCode)
        {
            case null or "handshake-failed-then-530":
                break;
            case "tls-alert-<name>" or "handshake-failure" or "protocol-version":
                Assert.NotEmpty(reason);
                break;
            case "untrusted-root":
                // A server does not send its root, so that a foreign one and a missing link look alike.
                Assert.Equal("incomplete-chain", reason);
                break;
            case "starttls-reply-5xx":
                Assert.StartsWith("starttls-reply-5", reason, StringComparison.Ordinal);
                break;
            default:
                Assert.Equal(row.ReasonCode, reason);
                break;
        }
    }
}
