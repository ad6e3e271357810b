using Relay.LoadTest.Load;

namespace Relay.Torture;

/// <summary>What every torture has: the Internet, the relay, the clients that submit all the while, and the ledger.</summary>
internal sealed class TortureScene : IAsyncDisposable
{
    // How long a host that says nothing does so at most.
    private static readonly TimeSpan SlowReply = TimeSpan.FromMilliseconds(300);

    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly TortureMail _mail;
    private readonly CancellationTokenSource _over;
    private readonly long _began;
    private readonly Task _load;
    private readonly Task _background;
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);

    /// <summary>Builds it in an empty directory; the clients wait for the relay's first start.</summary>
    public TortureScene(TorturePlan plan, string directory, CancellationToken cancellationToken)
    {
        Plan = plan;
        _mail = new TortureMail(plan);
        Ledger = new TortureLedger(_mail);
        Internet = new TortureInternet(plan);
        Relay = new TorturedRelay(directory, Internet.Settings(directory));
        _over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _began = _clock.GetTimestamp();
        _load = LoadGenerator.RunAsync(plan.Sessions, Ledger, Relay.WhenUp, _over.Token);
        _background = Task.WhenAll(
            RepeatAsync(TimeSpan.FromSeconds(1) / plan.MessagesPerSecond, Ledger.Permit), RepeatAsync(SlowReply, Internet.Release));
    }

    public TorturePlan Plan { get; }

    public TortureLedger Ledger { get; }

    public TortureInternet Internet { get; }

    public TorturedRelay Relay { get; }

    /// <summary>The time since the beginning.</summary>
    public TimeSpan Elapsed => _clock.GetElapsedTime(_began);

    /// <summary>Counts a fault.</summary>
    public void Note(string fault) => _faults[fault] = _faults.GetValueOrDefault(fault) + 1;

    /// <summary>The relay has ended; everything around it is well again. Throws when a client has failed.</summary>
    public async Task EndLifeAsync(LifeEnd end)
    {
        Ledger.EndLife(end);
        Internet.EndLife();
        Internet.Lift();
        Collect();
        if (_load.IsFaulted)
        {
            await _load;
        }
    }

    /// <summary>Tells the ledger what has arrived.</summary>
    public void Collect() => Internet.Collect(_mail, Ledger);

    /// <summary>Looks at what arrives until something holds; false when nothing arrives nor is accepted for as long as
    /// the plan is patient.</summary>
    public async Task<bool> WaitUntilAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        var (progress, since) = (-1, _clock.GetTimestamp());
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50), _clock);
        do
        {
            Collect();
            if (Ledger.Copies + Ledger.Accepted != progress)
            {
                (progress, since) = (Ledger.Copies + Ledger.Accepted, _clock.GetTimestamp());
            }

            if (holds())
            {
                return true;
            }
        }
        while (_clock.GetElapsedTime(since) < Plan.Patience && await tick.WaitForNextTickAsync(cancellationToken));
        return false;
    }

    /// <summary>Ends the load, waits for what is on its way, stops the relay, which runs, and adds up.</summary>
    public async Task<TortureResult> FinishAsync(CancellationToken cancellationToken)
    {
        Ledger.End(Plan.Sessions);
        await _load;
        await WaitUntilAsync(() => Ledger.CountMissing() == 0, cancellationToken);
        await Relay.TerminateAsync(cancellationToken);
        await EndLifeAsync(LifeEnd.Terminate);
        var left = await Relay.CountQueueAsync(cancellationToken);
        Collect();
        return Ledger.Summarize() with
        {
            Faults = _faults,
            Complaints = Relay.Complaints,
            LeftInQueue = left,
            Took = Elapsed,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _background;
        await Task.WhenAny(_load);
        await Relay.DisposeAsync();
        await Internet.DisposeAsync();
        Ledger.Dispose();
        _over.Dispose();
    }

    private async Task RepeatAsync(TimeSpan interval, Action action)
    {
        using var tick = new PeriodicTimer(interval, _clock);
        try
        {
            while (await tick.WaitForNextTickAsync(_over.Token))
            {
                action();
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
