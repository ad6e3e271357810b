using Relay.Lab;
using Relay.LoadTest.Load;

namespace Relay.LoadTest.Backlog;

/// <summary>
/// A relay that is started on a large queue, beside one with an empty queue: what its start takes, how the mail that can go fares
/// between the mail that cannot, and what reception loses by it.
/// </summary>
internal sealed class BacklogRun : IAsyncDisposable
{
    private const int HoldProbes = 500;
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly BacklogPlan _plan;
    private readonly string _directory;
    private readonly int _healthy;
    private readonly LoadCorpus _corpus;
    private readonly LoadLedger _ledger;
    private readonly BacklogInternet _internet;
    private readonly BacklogClients _clients;

    private BacklogRun(BacklogPlan plan, string directory)
    {
        (_plan, _directory) = (plan, directory);
        _healthy = BacklogMail.CountHealthy(plan.Queued);
        var fresh = 1 + plan.Probes + (2 * HoldProbes) + (2 * plan.Rounds * plan.RoundMessages);
        var load = new LoadPlan
        {
            Messages = _healthy + fresh,
            Octets = plan.Octets,
            Domains = BacklogPlan.HealthyDomains + BacklogPlan.NewDomains,
        };
        _corpus = new LoadCorpus(load);
        _ledger = new LoadLedger(load, _corpus, _clock);
        _internet = new BacklogInternet(load, _corpus, _ledger);
        _clients = new BacklogClients(_healthy, fresh, _corpus, _ledger);
    }

    /// <summary>Runs it.</summary>
    /// <param name="plan">The backlog and the load.</param>
    /// <param name="directory">An empty directory on the file system to measure.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<BacklogResult> RunAsync(
        BacklogPlan plan, string directory, TextWriter progress, CancellationToken cancellationToken)
    {
        await using var run = new BacklogRun(plan, directory);
        return await run.RunAsync(progress, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _internet.DisposeAsync();

    private async Task<BacklogResult> RunAsync(TextWriter progress, CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync($"filling the store with {_plan.Queued} messages");
        await _internet.BlockAsync(cancellationToken);
        var filling = _clock.GetTimestamp();
        var storeOctets = BacklogStore.Fill(
            Data("backlog"), _plan, new BacklogMail(_plan, _corpus, _clock.GetUtcNow()));
        var filledIn = _clock.GetElapsedTime(filling);

        var emptyStarted = _clock.GetTimestamp();
        await using var empty = await StartAsync("empty", cancellationToken);
        var emptyStart = _clock.GetElapsedTime(emptyStarted);
        await progress.WriteLineAsync("starting the relay on it");
        var started = _clock.GetTimestamp();
        await using var relay = await StartAsync("backlog", cancellationToken);
        var result = new BacklogResult
        {
            FilledIn = filledIn,
            StoreOctets = storeOctets,
            EmptyStart = emptyStart,
            Start = _clock.GetElapsedTime(started),
            StartOctets = Peak(relay),
            Healthy = _healthy,
        };
        await progress.WriteLineAsync("delivering what can go, with fresh mail between");
        result = await DrainAsync(relay, started, result, cancellationToken);
        await progress.WriteLineAsync("doing nothing");
        result = result with { IdleShare = await MeasureIdleAsync(relay, cancellationToken) };
        await progress.WriteLineAsync("holding messages in a row");
        result = await MeasureHoldsAsync(relay, result, cancellationToken);
        await progress.WriteLineAsync($"{_plan.Rounds} rounds of {_plan.RoundMessages} messages without and with the backlog");
        var rounds = new List<(double Empty, double Backlog)>();
        for (var round = 0; round < _plan.Rounds; round++)
        {
            rounds.Add((await RoundAsync(empty, cancellationToken), await RoundAsync(relay, cancellationToken)));
        }

        return result with
        {
            Rounds = rounds[1..],
            PeakOctets = Peak(relay),
            EmptyPeakOctets = Peak(empty),
            Lost = _clients.CountMissing(),
            Doubled = _ledger.Doubled,
            Foreign = _ledger.Foreign,
            Refused = (_clients.Refused, _clients.FirstRefusal),
        };
    }

    private string Data(string name) => Path.Combine(_directory, name, "data");

    private Task<RelayProcess> StartAsync(string name, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;
        var settings = RelayProcess.LabSettings(directory, _internet.Dns.Address, _internet.Sink.Port);
        settings["Relay:MaxConnectionsPerAddress"] = $"{_plan.Sessions + 10}";
        return RelayProcess.StartAsync(directory, settings, cancellationToken);
    }

    // One message at a time, each on a connection of its own, as an application that sends a single mail.
    private async Task<BacklogResult> DrainAsync(
        RelayProcess relay, long started, BacklogResult result, CancellationToken cancellationToken)
    {
        var first = await _clients.SubmitAsync(1, 1, relay.EndPoint, cancellationToken);
        await _clients.ArriveAsync(first, cancellationToken);
        var firstDelivered = _clock.GetElapsedTime(started);
        var probes = new List<LoadBurst>();
        while (CountDrained() < _healthy && _clock.GetElapsedTime(started) < Patience && probes.Count < _plan.Probes)
        {
            probes.Add(await _clients.SubmitAsync(1, 1, relay.EndPoint, cancellationToken));
            await Task.Delay(ProbeInterval, _clock, cancellationToken);
        }

        foreach (var probe in probes)
        {
            await _clients.ArriveAsync(probe, cancellationToken);
        }

        var drained = Enumerable.Range(0, _healthy).Select(_ledger.ArrivedAt).Where(at => at != 0).ToArray();
        return result with
        {
            FirstDelivered = firstDelivered,
            Drained = drained.Length,
            DrainedIn = _clock.GetElapsedTime(started, drained.DefaultIfEmpty(started).Max()),
            Probes = (probes.Count, _clients.AcceptLatencyOf(probes), _clients.JourneyOf(probes)),
        };
    }

    private int CountDrained()
    {
        var drained = 0;
        for (var message = 0; message < _healthy; message++)
        {
            drained += _ledger.ArrivedAt(message) != 0 ? 1 : 0;
        }

        return drained;
    }

    private async Task<double> MeasureIdleAsync(RelayProcess relay, CancellationToken cancellationToken)
    {
        var before = relay.Process.ReadUsage()?.Cpu ?? default;
        await Task.Delay(IdleTime, _clock, cancellationToken);
        return ((relay.Process.ReadUsage()?.Cpu ?? default) - before) / IdleTime;
    }

    // A client that submits one message after the other, without and with an operator's client that holds one after the other.
    private async Task<BacklogResult> MeasureHoldsAsync(RelayProcess relay, BacklogResult result, CancellationToken cancellationToken)
    {
        var quiet = await SubmitInARowAsync(relay, cancellationToken);
        using var holds = new BacklogHolds(Path.Combine(Data("backlog"), "admin.sock"), _plan.Queued);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var holding = holds.RunAsync(end.Token);
        var busy = await SubmitInARowAsync(relay, cancellationToken);
        await end.CancelAsync();
        await holding;
        return result with
        {
            Holds = (holds.Count, holds.Figures, _clients.AcceptLatencyOf(quiet), _clients.AcceptLatencyOf(busy)),
            HoldsOctets = Peak(relay),
        };
    }

    private async Task<List<LoadBurst>> SubmitInARowAsync(RelayProcess relay, CancellationToken cancellationToken)
    {
        var bursts = new List<LoadBurst>();
        while (bursts.Count < HoldProbes)
        {
            bursts.Add(await _clients.SubmitAsync(1, 1, relay.EndPoint, cancellationToken));
        }

        foreach (var burst in bursts)
        {
            await _clients.ArriveAsync(burst, cancellationToken);
        }

        return bursts;
    }

    private async Task<double> RoundAsync(RelayProcess relay, CancellationToken cancellationToken)
    {
        var burst = await _clients.SubmitAsync(_plan.RoundMessages, _plan.Sessions, relay.EndPoint, cancellationToken);
        await _clients.ArriveAsync(burst, cancellationToken);
        return _clients.RateOf(burst);
    }

    private static long Peak(RelayProcess relay) => relay.Process.ReadUsage()?.PeakResidentOctets
        ?? throw new InvalidOperationException($"The relay ended by itself:\n{relay.Process.Log.Tail}");
}
