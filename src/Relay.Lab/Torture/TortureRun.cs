using System.Globalization;
using Relay.Lab.Load;

namespace Relay.Lab.Torture;

/// <summary>
/// The real relay under load, life after life on the same data, while everything around it breaks and it is killed at
/// random moments. In the end all troubles cease, and what was answered 250 must have arrived.
/// </summary>
public sealed class TortureRun : IAsyncDisposable
{
    // How long a host that says nothing does so at most.
    private static readonly TimeSpan SlowReply = TimeSpan.FromMilliseconds(300);

    private readonly TorturePlan _plan;
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly TortureMail _mail;
    private readonly TortureLedger _ledger;
    private readonly TortureInternet _internet;
    private readonly TorturedRelay _relay;
    private readonly Random _random;
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private int _kills;

    private TortureRun(TorturePlan plan, string directory)
    {
        _plan = plan;
        _random = new Random(plan.Seed);
        _mail = new TortureMail(plan);
        _ledger = new TortureLedger(plan, _mail);
        _internet = new TortureInternet(plan);
        _relay = new TorturedRelay(directory, _internet.Settings(directory));
    }

    /// <summary>Runs it.</summary>
    /// <param name="plan">How many kills, and what they are drawn from.</param>
    /// <param name="directory">An empty directory for the relay's configuration, data and logs.</param>
    /// <param name="progress">Hears a line now and then; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TortureResult> RunAsync(
        TorturePlan plan, string directory, Action<string>? progress, CancellationToken cancellationToken)
    {
        await using var run = new TortureRun(plan, directory);
        return await run.RunAsync(progress, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _internet.DisposeAsync();
        _ledger.Dispose();
    }

    private async Task<TortureResult> RunAsync(Action<string>? progress, CancellationToken cancellationToken)
    {
        var began = _clock.GetTimestamp();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var load = LoadGenerator.RunAsync(_plan.Sessions, _ledger, _relay.WhenUp, over.Token);
        var background = Task.WhenAll(PermitAsync(over.Token), ReleaseAsync(over.Token));
        try
        {
            while (_kills < _plan.Kills)
            {
                await LiveAsync(TortureRound.Draw(_random, _plan), cancellationToken);
                if (load.IsFaulted)
                {
                    await load;
                }

                progress?.Invoke(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_clock.GetElapsedTime(began).TotalSeconds:F0} s, life {_ledger.CurrentLife}: {_kills} kills, {_ledger.Copies} copies arrived, {_ledger.CountMissing()} on their way"));
            }

            return await FinishAsync(load, cancellationToken) with { Took = _clock.GetElapsedTime(began) };
        }
        finally
        {
            await over.CancelAsync();
            await background;
        }
    }

    private async Task LiveAsync(TortureRound round, CancellationToken cancellationToken)
    {
        for (var trouble = 0; trouble < round.Troubles; trouble++)
        {
            Note(_internet.Trouble(_random));
        }

        if (round.End == LifeEnd.KillInStart)
        {
            await _relay.StartAndKillAsync(round.Length, cancellationToken);
        }
        else
        {
            await _relay.StartAsync(cancellationToken);
            await SufferAsync(round, cancellationToken);
            await EndAsync(round, cancellationToken);
        }

        _kills += round.End == LifeEnd.Terminate ? 0 : 1;
        _ledger.EndLife(round.End);
        _internet.EndLife();
        _internet.Lift();
        _internet.Collect(_mail, _ledger);
    }

    private async Task SufferAsync(TortureRound round, CancellationToken cancellationToken)
    {
        await Task.Delay(round.Length / 2, _clock, cancellationToken);
        using (var held = round.StoreLock > TimeSpan.Zero ? _relay.TryLockStore() : null)
        {
            if (held is not null)
            {
                Note("store-locked");
                await Task.Delay(round.StoreLock, _clock, cancellationToken);
            }

            if (round.Pause > TimeSpan.Zero)
            {
                Note("relay-stopped");
                await _relay.PauseAsync(round.Pause, cancellationToken);
            }

            await Task.Delay(round.Length / 2, _clock, cancellationToken);
            if (round.End == LifeEnd.Kill)
            {
                // While the store is still locked, if it is.
                await _relay.KillAsync(cancellationToken);
            }
        }
    }

    private async Task EndAsync(TortureRound round, CancellationToken cancellationToken)
    {
        if (round.End == LifeEnd.KillInStop)
        {
            await _relay.StopAndKillAsync(_random.NextDouble() * TimeSpan.FromMilliseconds(300), cancellationToken);
        }
        else if (round.End == LifeEnd.Terminate)
        {
            // A stop in good order is one that nothing hinders.
            _internet.Lift();
            await _relay.TerminateAsync(cancellationToken);
        }
    }

    private async Task<TortureResult> FinishAsync(Task load, CancellationToken cancellationToken)
    {
        _ledger.End(_plan.Sessions);
        await _relay.StartAsync(cancellationToken);
        await load;
        await SettleAsync(cancellationToken);
        await _relay.TerminateAsync(cancellationToken);
        _internet.Collect(_mail, _ledger);
        _ledger.EndLife(LifeEnd.Terminate);
        var left = await _relay.CountQueueAsync(cancellationToken);
        return _ledger.Summarize() with { Faults = _faults, Complaints = _relay.Complaints, LeftInQueue = left };
    }

    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        var (copies, since) = (-1, _clock.GetTimestamp());
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50), _clock);
        do
        {
            _internet.Collect(_mail, _ledger);
            if (_ledger.Copies != copies)
            {
                (copies, since) = (_ledger.Copies, _clock.GetTimestamp());
            }
        }
        while (_ledger.CountMissing() > 0 && _clock.GetElapsedTime(since) < _plan.Patience
            && await tick.WaitForNextTickAsync(cancellationToken));
    }

    private async Task PermitAsync(CancellationToken cancellationToken)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1) / _plan.MessagesPerSecond, _clock);
        try
        {
            while (await tick.WaitForNextTickAsync(cancellationToken))
            {
                _ledger.Permit();
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        using var tick = new PeriodicTimer(SlowReply, _clock);
        try
        {
            while (await tick.WaitForNextTickAsync(cancellationToken))
            {
                _internet.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private void Note(string fault) => _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
}
