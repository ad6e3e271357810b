namespace Relay.Tests.Enforcement;

/// <summary>
/// Once the relay knows an enforce policy, nothing an attacker on the network does makes it deliver to an unlisted host, over
/// TLS that does not verify, or in clear; and once he is gone, the mail arrives.
/// </summary>
public sealed class TrustUnderFireTests : IAsyncLifetime
{
    private const int Rounds = 12;
    private const int MaxLooks = 200;

    // A step of the clock for each look at the log: time limits of minutes pass in a moment.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    // A site that failed backs off for a quarter of an hour and then tries one message of those that wait, the oldest first.
    private const int StepsOfALimit = 60;
    private static readonly TimeSpan LongStep = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    // Most attempts end without any limit, and a clock that runs would cut them short.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(23);

    private readonly PolicyLab _lab = new();
    private readonly List<string> _waiting = [];
    private HostileWorld _world = null!;
    private RelayUnderTest _relay = null!;
    private int _messages;

    public async ValueTask InitializeAsync()
    {
        _world = new HostileWorld(_lab);
        _relay = await StartAsync();
        var first = await PolicyLab.SendAndSeeAsync(_relay, $"first@{HostileWorld.Domain}");
        Assert.Contains(" verified=pkix sts=enforce sts-id=live ", first, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        _world.Dispose();
        await _lab.DisposeAsync();
    }

    [Fact] // STS-11, STS-12, STS-40, STS-49, STS-53 to STS-59, STS-62, STS-72, RFC 8461 §5, §10.2
    public async Task Attack_EveryDeedAlone_NothingArrivesUnverifiedAndAllArrivesInTheEnd()
    {
        foreach (var deed in _world.Deeds)
        {
            _world.Do(deed);
            await AttackedAsync(deed);
            _world.Heal();
        }

        await AssertAllArriveAsync();
    }

    [Theory] // STS-11, STS-12, STS-40, STS-49, STS-59, STS-62, RFC 8461 §10.2
    [InlineData(1)]
    [InlineData(20_261_123)]
    public async Task Attack_RandomDeedsTogether_NothingArrivesUnverifiedAndAllArrivesInTheEnd(int seed)
    {
#pragma warning disable CA5394 // A test that fails has to fail again.
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var deeds = random.GetItems([.. _world.Deeds], random.Next(1, 4));
            Array.ForEach(deeds, _world.Do);
            switch (random.Next(8))
            {
                case 0:
                    // STS-42
                    _world.SetClockWrongBy(TimeSpan.FromHours(random.Next(-20, 200)));
                    break;
                case 1:
                    await RestartAsync();
                    break;
                case 2 or 3:
                    // The neighbour's mail makes connections, and memories of failed handshakes, at the attacker's hosts.
                    await PolicyLab.SendAsync(_relay, NewRecipient(HostileWorld.Neighbour));
                    break;
                default:
                    break;
            }

            await AttackedAsync(string.Join(", ", deeds));
            if (random.Next(3) == 0)
            {
                _world.Heal();
            }
        }
#pragma warning restore CA5394
        _world.Heal();
        await AssertAllArriveAsync();
    }

    [Theory] // STS-59, RFC 8461 §5: what a connection proved to one domain is judged again for another.
    [InlineData("host wrong-name", true)]
    [InlineData("host self-signed", true)]
    [InlineData("host no-starttls", false)]
    [InlineData("host closed-handshake", false)]
    [InlineData("host garbage-handshake", false)]
    public async Task Attack_NeighbourWithoutPolicyWasServedThere_HelpsNobody(string deed, bool isTls)
    {
        _world.Do(deed);
        var neighbour = await SeeAsync(HostileWorld.Neighbour);
        Assert.Equal("delivered", PolicyLab.EventOf(neighbour));
        Assert.Equal(isTls, neighbour.Contains(" tls=TLS", StringComparison.Ordinal));
        Assert.Equal("deferred", PolicyLab.EventOf(await AttackedAsync(deed)));
        _world.Heal();
        await AssertAllArriveAsync();
    }

    [Theory] // STS-42, STS-49, RFC 8461 §3.2, §10.2: the policy lasts for 358 days
    [InlineData(0)]
    [InlineData(-20)]
    [InlineData(200)]
    [InlineData(24 * 50)]
    public async Task Attack_RestartWithDnsAndWebDownAndClockWrong_EnforcementGoesOn(int hours)
    {
        _world.Silence();
        _world.SetClockWrongBy(TimeSpan.FromHours(hours));
        await RestartAsync();
        _world.Do("host no-starttls");
        var fate = await AttackedAsync("restart");
        Assert.Contains(" dsn=4.7.10 ", fate, StringComparison.Ordinal);
        Assert.Contains(" sts=enforce sts-id=live ", fate, StringComparison.Ordinal);
        Assert.NotEmpty(_relay.Log.Of("policy-kept"));
        _world.Heal();
        await AssertAllArriveAsync();
    }

    /// <summary>A message under attack: deferred, or delivered to the good host all the same.</summary>
    private async Task<string> AttackedAsync(string deeds)
    {
        var fate = await SeeAsync(HostileWorld.Domain);
        Assert.True(PolicyLab.EventOf(fate) is "deferred" or "delivered", $"{deeds}: {fate}");
        if (PolicyLab.EventOf(fate) == "deferred")
        {
            Assert.Matches(" dsn=4\\.[0-9]\\.[0-9]+ ", fate);
        }

        AssertNothingLeaked(deeds);
        return fate;
    }

    private void AssertNothingLeaked(string deeds)
    {
        foreach (var host in _world.Evil)
        {
            Assert.False(host.Commands.Any(command => IsOurs(command.Line)), $"{deeds}: an attacker's host saw mail:\n{string.Join('\n', host.Commands)}");
        }

        Assert.All(_world.Good.Messages.Where(message => message.Recipients.Any(IsOurs)), message => Assert.True(message.IsTls, deeds));
    }

    private async Task AssertAllArriveAsync()
    {
        for (var looks = 0; looks < MaxLooks && !_waiting.TrueForAll(Arrived().Contains); looks++)
        {
            _lab.Clock.Advance(Retry);
            await Task.Delay(Quiet, TimeProvider.System, PolicyLab.Token);
        }

        AssertNothingLeaked("in the end");
        Assert.Superset(_waiting.ToHashSet(), Arrived());
        Assert.Empty(_relay.Log.Of("policy-weakened"));
    }

    private HashSet<string> Arrived() => [.. _world.Good.Messages.SelectMany(message => message.Recipients)];

    private async Task RestartAsync()
    {
        await _relay.DisposeAsync();
        _relay = await StartAsync();
    }

    private Task<RelayUnderTest> StartAsync() => _lab.StartRelayAsync(
        ("Queue:RetrySchedule:0", "00:20:00"), ("Queue:Lifetime", "30.00:00:00"), ("MtaSts:UnknownPolicyPatience", "00:00:00"));

    private string NewRecipient(string domain) => $"user{++_messages}@{domain}";

    private async Task<string> SeeAsync(string domain)
    {
        var recipient = NewRecipient(domain);
        if (domain == HostileWorld.Domain)
        {
            _waiting.Add(recipient);
        }

        await PolicyLab.SendAsync(_relay, recipient);
        return await PassTimeUntilAsync(PolicyLab.FateAsync(_relay, recipient), recipient);
    }

    // Time limits run by the lab's clock, and what waits for them cannot be told from what waits for the network.
    private async Task<string> PassTimeUntilAsync(Task<string> line, string recipient)
    {
        await Task.WhenAny(line, Task.Delay(Quiet, TimeProvider.System, PolicyLab.Token));
        for (var steps = 0; !line.IsCompleted; steps++)
        {
            await Task.WhenAny(line, Task.Delay(Pause, TimeProvider.System, PolicyLab.Token));
            if (!line.IsCompleted)
            {
                _lab.Clock.Advance(steps < StepsOfALimit ? Step : LongStep);
            }
        }

        Assert.True(line.IsCompletedSuccessfully, $"{recipient}: {line.Exception?.InnerException?.Message}");
        return await line;
    }

    private static bool IsOurs(string line) => line.Contains("@" + HostileWorld.Domain, StringComparison.Ordinal);
}
