using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Tests.Enforcement;

/// <summary>Policies that change while mail waits, the last attempt, the operator's own word, and where policies come from.</summary>
public sealed class PolicyChangeTests : IAsyncLifetime
{
    private const string Domain = "one.test";
    private const string Mx = "mx.one.test";

    private readonly PolicyLab _lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Theory] // STS-44, STS-50, STS-62: row policy-updated-during-retries
    [InlineData("enforce")]
    [InlineData("testing")]
    [InlineData("none")]
    public async Task Policy_UpdatedDuringRetries_MessageArrives(string mode)
    {
        AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy(mode, PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync(("Queue:RetrySchedule:0", "00:10:00"));
        var first = await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        Assert.Equal(mode == "enforce" ? "deferred" : "delivered", PolicyLab.EventOf(first));
        _lab.Publish(Domain, "2", PolicyLab.Policy("enforce", PolicyLab.LongAge, Mx));
        var fate = mode == "enforce"
            ? await AfterRetryAsync(relay)
            : await PolicyLab.SendAndSeeAsync(relay, $"bob@{Domain}");
        Assert.Contains(" verified=pkix sts=enforce sts-id=2 ", fate, StringComparison.Ordinal);
    }

    [Fact] // STS-63, RFC 8461 §5, §5.1: row queue-lifetime-reached-policy-failure
    public async Task Lifetime_EndsForAPolicyReason_PolicyIsFetchedAfreshAndTheLineTellsAll()
    {
        AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync(("Queue:Lifetime", "00:30:00"), ("Queue:RetrySchedule:0", "1.00:00:00"));
        await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        Assert.Equal(1, _lab.Web.Count($"mta-sts.{Domain}"));
        await _lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(30), PolicyLab.Token);
        _lab.Clock.Advance(TimeSpan.FromMinutes(30));
        var expired = await PolicyLab.FateAsync(relay, $"ann@{Domain}", "expired");
        Assert.Equal(2, _lab.Web.Count($"mta-sts.{Domain}"));
        Assert.Contains(" reason=sts-no-usable-mx sts=enforce sts-id=1 ", expired, StringComparison.Ordinal);
        Assert.Contains("the MTA-STS policy of one.test (id 1, mode enforce, fetched 2026-11-22T12:30:00Z) leaves no usable host: "
            + "mx.one.test is not listed in the policy", expired, StringComparison.Ordinal);
    }

    [Fact] // STS-63, DSN-13: the sender hears which policy kept the message, and that it did not leave
    public async Task Lifetime_EndsForAPolicyReason_TheSenderIsToldOfThePolicy()
    {
        AddHost();
        var sender = _lab.AddGoodMx("mx.corp.test");
        _lab.Point("mx.corp.test", sender);
        _lab.SetMx("corp.test", "mx.corp.test");
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync(("Queue:Lifetime", "00:30:00"), ("Queue:RetrySchedule:0", "1.00:00:00"));
        await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        await _lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(30), PolicyLab.Token);
        _lab.Clock.Advance(TimeSpan.FromMinutes(30));

        // Folded for the header's sake, so compared without its folds.
        var text = (await sender.WaitForMessagesAsync(1, PolicyLab.Token))[0].Text.Replace("\r\n ", " ", StringComparison.Ordinal);
        Assert.Contains($"\r\nFinal-Recipient: rfc822; ann@{Domain}\r\nAction: failed\r\nStatus: 5.4.7\r\n", text, StringComparison.Ordinal);
        Assert.Contains("the MTA-STS policy of one.test (id 1, mode enforce,", text, StringComparison.Ordinal);
        Assert.Contains("mx.one.test is not listed in the policy", text, StringComparison.Ordinal);
    }

    [Fact] // STS-63: the policy was replaced without a new id.
    public async Task Lifetime_EndsAndTheFreshPolicyListsTheHost_MessageArrives()
    {
        AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync(("Queue:Lifetime", "00:30:00"), ("Queue:RetrySchedule:0", "1.00:00:00"));
        await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, Mx));
        await _lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(30), PolicyLab.Token);
        _lab.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Contains(" verified=pkix sts=enforce sts-id=1 ", await PolicyLab.FateAsync(relay, $"ann@{Domain}", "delivered"), StringComparison.Ordinal);
    }

    [Theory] // MtaSts:Domains, MtaSts:Enabled
    [InlineData("enforce", "Off", "delivered")]
    [InlineData("enforce", "Testing", "delivered")]
    [InlineData("testing", "Enforce", "deferred")]
    public async Task Override_OfADomain_DecidesAndIsLogged(string mode, string word, string outcome)
    {
        AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy(mode, PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync(
            ("Queue:RetrySchedule:0", "1.00:00:00"),
            ("MtaSts:Domains:0:Domain", Domain),
            ("MtaSts:Domains:0:Mode", word),
            ("MtaSts:Domains:0:Until", "2026-11-23T00:00:00Z"));
        Assert.Equal(outcome, PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}")));
        Assert.Contains($" domain={Domain} override={word}", Assert.Single(relay.Log.Of("sts-override")), StringComparison.Ordinal);

        // The word ends, and what is published holds again.
        _lab.Clock.Advance(TimeSpan.FromHours(13));
        var after = await PolicyLab.SendAndSeeAsync(relay, $"bob@{Domain}");
        Assert.Equal(mode == "enforce" ? "deferred" : "delivered", PolicyLab.EventOf(after));
        Assert.Contains($" sts={mode} sts-id=1 ", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MtaSts_SwitchedOff_LooksForNothingAndDelivers()
    {
        AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync(("MtaSts:Enabled", "false"));
        var fate = await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        Assert.Equal("delivered", PolicyLab.EventOf(fate));
        Assert.DoesNotContain(" sts=", fate, StringComparison.Ordinal);
        Assert.Equal(0, _lab.Dns.Queries.Count($"_mta-sts.{Domain}", LabDnsType.Txt));
    }

    [Fact] // STS-01, STS-14, RFC 8461 §3.4
    public async Task FixedRoute_OfADomain_IsHeldToTheNextHopsPolicyAlone()
    {
        AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
        _lab.Publish(Mx, "hop", PolicyLab.Policy("enforce", PolicyLab.LongAge, Mx));
        await using var relay = await _lab.StartRelayAsync(("Relay:Routes:0:Domain", Domain), ("Relay:Routes:0:NextHop", Mx));
        Assert.Contains(" verified=pkix sts=enforce sts-id=hop ", await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}"), StringComparison.Ordinal);
        Assert.Equal(0, _lab.Dns.Queries.Count($"_mta-sts.{Domain}", LabDnsType.Txt));
    }

    [Fact] // STS-15, RFC 8461 §3.4
    public async Task AddressLiteral_HasNoPolicy_NothingIsLookedUp()
    {
        var mx = AddHost();
        await using var relay = await _lab.StartRelayAsync();
        Assert.Equal("delivered", PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(relay, $"ann@[{mx.EndPoint.Address}]")));
        Assert.DoesNotContain(_lab.Dns.Queries.All, query => query.Type == LabDnsType.Txt);
    }

    [Fact] // STS-16, RFC 8461 §1.1, RFC 5321 §5.1
    public async Task AliasDomain_KeepsThePolicyOfItsOwnName()
    {
        AddHost();
        _lab.Dns.Zone.AddCname("alias.test", Domain);
        _lab.Publish(Domain, "1", PolicyLab.Policy("none", PolicyLab.LongAge));
        _lab.Publish("alias.test", "own", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
        await using var relay = await _lab.StartRelayAsync();
        var fate = await PolicyLab.SendAndSeeAsync(relay, "ann@alias.test");
        Assert.Equal("deferred", PolicyLab.EventOf(fate));
        Assert.Contains(" sts=enforce sts-id=own ", fate, StringComparison.Ordinal);
        Assert.Equal(0, _lab.Dns.Queries.Count($"_mta-sts.{Domain}", LabDnsType.Txt));
    }

    [Fact] // RFC 8460 §4.2: sessions are counted, not messages.
    public async Task Session_OfManyMessages_IsCountedOnce()
    {
        var mx = AddHost();
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, Mx));
        await using var relay = await _lab.StartRelayAsync();
        for (var number = 0; number < 3; number++)
        {
            await PolicyLab.SendAndSeeAsync(relay, $"user{number}@{Domain}");
        }

        Assert.Single(mx.Connections);
        Assert.Equal(ObservationCount.Success, Assert.Single(_lab.Observations.For(Domain)).Count);
    }

    // A retry comes a little late at random, and only once the deferral is stored.
    private async Task<string> AfterRetryAsync(RelayUnderTest relay)
    {
        var delivered = PolicyLab.FateAsync(relay, $"ann@{Domain}", "delivered");
        while (!delivered.IsCompleted)
        {
            _lab.Clock.Advance(TimeSpan.FromMinutes(12));
            await Task.WhenAny(delivered, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, PolicyLab.Token));
        }

        return await delivered;
    }

    private LabMx AddHost()
    {
        var mx = _lab.AddGoodMx(Mx);
        _lab.Point(Mx, mx);
        _lab.SetMx(Domain, Mx);
        return mx;
    }
}
