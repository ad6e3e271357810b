using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Tests.Enforcement;

/// <summary>Answers of DNS that would return the mail, forged under an enforced policy: design §3, "no such domain".</summary>
public sealed class DoubtedDnsTests : IAsyncLifetime
{
    private const string Domain = "one.test";
    private const string Mx = "mx.one.test";
    private const string OwnName = "relay.test";

    private readonly PolicyLab _lab = new();
    private RelayUnderTest _relay = null!;
    private LabMx _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = _lab.AddMx(_lab.Good(Mx).At(MxRule.EndOfData, MxAction.ReplyAndClose("250 2.0.0 Taken")));
        _lab.Point(Mx, _host);
        _lab.SetMx(Domain, Mx);
        _relay = await _lab.StartRelayAsync(
            ("Queue:RetrySchedule:0", "00:02:00"), ("Queue:Lifetime", "03:00:00"), ("MtaSts:UnknownPolicyPatience", "00:00:00"));
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _host.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Theory] // RFC 8461 §10.2: an attacker who can forge DNS delays the mail and does not return it
    [InlineData("no-such-domain", " dsn=4.1.2 ", " dsn=5.1.2 ")]
    [InlineData("null-mx", " dsn=4.1.10 ", " dsn=5.1.10 ")]
    [InlineData("own-name", " dsn=4.4.6 ", " dsn=5.4.6 ")]
    [InlineData("no-host", " dsn=4.4.6 ", " dsn=5.4.6 ")]
    [InlineData("no-address", " dsn=4.4.4 ", " dsn=5.4.4 ")]
    [InlineData("bad-names", " dsn=4.4.4 ", " dsn=5.4.4 ")]
    public async Task Enforce_DnsSpeaksAgainstTheDomain_IsBelievedWhenAskedAgainAfterFiveMinutes(string answer, string first, string last)
    {
        await LearnAsync("enforce");
        Forge(answer);
        var deferred = await PolicyLab.SendAndSeeAsync(_relay, $"ann@{Domain}");
        Assert.Equal("deferred", PolicyLab.EventOf(deferred));
        Assert.Contains(first, deferred, StringComparison.Ordinal);
        Assert.Contains(" reason=sts-dns-unconfirmed ", deferred, StringComparison.Ordinal);
        Assert.Contains("the MTA-STS policy of one.test (id 1, mode enforce, ", deferred, StringComparison.Ordinal);

        var (began, queries) = (_lab.Clock.GetUtcNow(), Queries());
        Assert.Contains(last, await AfterRetriesAsync("bounced"), StringComparison.Ordinal);
        Assert.True(_lab.Clock.GetUtcNow() - began >= TimeSpan.FromMinutes(5));

        // Although the forger gave it a day to live.
        Assert.True(Queries() > queries);

        // The next one need not find it out anew; of a null MX it hears at RCPT (RFC 7505 §4.1).
        if (answer != "null-mx")
        {
            Assert.Equal("bounced", PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(_relay, $"bob@{Domain}")));
        }
    }

    [Theory] // RFC 8461 §10.2: and once he is gone, the mail arrives
    [InlineData("no-such-domain")]
    [InlineData("null-mx")]
    [InlineData("own-name")]
    [InlineData("no-host")]
    public async Task Enforce_DnsIsRightAgain_TheMessageArrivesAndTheNextForgeryIsDoubtedAnew(string answer)
    {
        await LearnAsync("enforce");
        Forge(answer);
        Assert.Equal("deferred", PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(_relay, $"ann@{Domain}")));
        Heal();
        Assert.Contains(" verified=pkix sts=enforce ", await AfterRetriesAsync("delivered"), StringComparison.Ordinal);

        Forge(answer);
        _lab.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("deferred", PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(_relay, $"bob@{Domain}")));
    }

    [Theory] // Without an enforced policy DNS is believed as ever (RFC 5321 §5.1)
    [InlineData("testing")]
    [InlineData("none")]
    [InlineData("no policy")]
    public async Task NoEnforcedPolicy_DnsSpeaksAgainstTheDomain_IsReturnedAtOnce(string mode)
    {
        if (mode != "no policy")
        {
            await LearnAsync(mode);
        }

        Forge("no-such-domain");
        Assert.Equal("bounced", PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(_relay, $"ann@{Domain}")));
    }

    [Fact] // RFC 8461 §10.2: the policy outlives a restart, and so does the doubt
    public async Task Enforce_AfterRestart_DnsIsDoubted()
    {
        await LearnAsync("enforce");
        await _relay.DisposeAsync();
        _relay = await _lab.StartRelayAsync(("Queue:RetrySchedule:0", "00:02:00"));
        Forge("null-mx");
        Assert.Contains(" reason=sts-dns-unconfirmed ", await PolicyLab.SendAndSeeAsync(_relay, $"ann@{Domain}"), StringComparison.Ordinal);
    }

    private async Task LearnAsync(string mode)
    {
        _lab.Publish(Domain, "1", PolicyLab.Policy(mode, PolicyLab.LongAge, Mx, OwnName));
        Assert.Equal("delivered", PolicyLab.EventOf(await PolicyLab.SendAndSeeAsync(_relay, $"first@{Domain}")));
    }

    // With a day to live, as who forges would have it.
    private void Forge(string answer)
    {
        var zone = _lab.Dns.Zone.WithTtl(86_400);
        zone.Remove(Domain, LabDnsType.Mx);
        switch (answer)
        {
            case "no-such-domain":
                zone.Remove(Domain);
                _lab.Dns.SetFault(Domain, LabDnsType.Mx, new LabDnsFault.Code(3));
                break;
            case "null-mx":
                zone.AddMx(Domain, 0, ".");
                break;
            case "own-name":
                zone.AddMx(Domain, 10, OwnName);
                break;
            case "bad-names":
                zone.AddMx(Domain, 10, "mx_of*one.test");
                break;
            case "no-host":
                zone.AddMx(Domain, 10, Mx).Remove(Mx).AddA(Mx, "0.0.0.0");
                break;
            default:
                zone.AddMx(Domain, 10, Mx).Remove(Mx).AddTxt(Mx, "nothing else");
                break;
        }

        zone.WithTtl(0);
    }

    private void Heal()
    {
        _lab.Dns.ClearFaults();
        _lab.Point(Mx, _host);
        _lab.SetMx(Domain, Mx);
    }

    private int Queries() => _lab.Dns.Queries.Count(Domain, LabDnsType.Mx);

    private async Task<string> AfterRetriesAsync(string name)
    {
        var line = PolicyLab.FateAsync(_relay, $"ann@{Domain}", name);
        while (!line.IsCompleted)
        {
            _lab.Clock.Advance(TimeSpan.FromSeconds(40));
            await Task.WhenAny(line, Task.Delay(TimeSpan.FromMilliseconds(60), TimeProvider.System, PolicyLab.Token));
        }

        return await line;
    }
}
