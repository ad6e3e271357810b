using System.Data.Common;
using Relay.Delivery;
using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;
using Relay.Queue.Storage;

namespace Relay.Queue.Delivering;

/// <summary>
/// Does what the scheduler wants done. An attempt leaves no trace in the store until it has a result: killed in between, the
/// relay makes it again, and what the peer took then comes twice, never not at all (RFC 5321 §6.1).
/// </summary>
internal sealed class Dispatcher : IDisposable
{
    private static readonly TimeSpan UnreadableWait = TimeSpan.FromMinutes(1);

    private readonly QueueStore _store;
    private readonly DeliveryRunner _runner;
    private readonly OutcomeRecorder _recorder;
    private readonly SenderNotices _notices;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes a dispatcher that has nothing to do yet.</summary>
    public Dispatcher(
        QueueStore store, Scheduler scheduler, DeliveryRunner runner, OutcomeRecorder recorder, SenderNotices notices)
    {
        _store = store;
        Scheduler = scheduler;
        _runner = runner;
        _recorder = recorder;
        _notices = notices;
    }

    /// <summary>Where entries wait.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Takes up what an earlier run left to be told, and starts whatever may start now. Returns at once.</summary>
    public void Start()
    {
        _notices.Start();
        Wake();
    }

    /// <summary>Starts whatever may start now. Returns at once.</summary>
    public void Wake()
    {
        while (Scheduler.TryTake(out var turn))
        {
            // The caller may be a session that has a 250 to send: it shall not run the attempt itself.
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => _ = work.Dispatcher.RunAsync(work.WorkItem), (Dispatcher: this, WorkItem: turn), preferLocal: false);
        }
    }

    /// <summary>Starts nothing more and waits for what is under way; breaks it off when the token fires.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var idle = Scheduler.StopAsync();
        await using var registration = cancellationToken.UnsafeRegister(
            static source => ((CancellationTokenSource)source!).Cancel(), _stop);
        await Task.WhenAll(idle, _notices.StopAsync());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Scheduler.Dispose();
        _notices.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(WorkItem turn)
    {
        try
        {
            await (turn switch
            {
                WorkItem.Route(var destination) => RouteAsync(destination),
                WorkItem.Attempt attempt => AttemptAsync(attempt),
                WorkItem.Last(var entry) => AttemptLastAsync(entry),
                WorkItem.Warning warning => WarnAsync(warning),
                _ => throw new System.Diagnostics.UnreachableException(),
            });
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nothing was settled: the store still has the entry as it was, and the next start delivers it.
        }
#pragma warning disable CA1031 // A fault of ours delays one message; it is neither forgotten nor does it stop the others.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            GoOnAfter(fault, turn);
        }
        finally
        {
            Scheduler.FinishTurn(turn);
        }

        Wake();
    }

    private void GoOnAfter(Exception fault, WorkItem turn)
    {
        var entry = turn switch
        {
            WorkItem.Attempt attempt => attempt.Entry,
            WorkItem.Last last => last.Entry,
            _ => null,
        };
        _recorder.NoteFault(fault, entry);
        if (entry is not null)
        {
            Scheduler.PutBack(entry, UnreadableWait);
        }
    }

    private async Task RouteAsync(Destination destination) =>
        Scheduler.SetRoute(destination, await _runner.FindSiteAsync(destination.Name, _stop.Token));

    private async Task WarnAsync(WorkItem.Warning warning)
    {
        // A fault of ours would come again; the message's own attempts warn too.
        var isDone = true;
        try
        {
            isDone = await _notices.WarnAsync(warning, _stop.Token);
        }
        catch (DbException error)
        {
            _recorder.NoteUnreadable(warning.Entries[0], error);
        }
        finally
        {
            Scheduler.FinishWarning(warning, isDone);
        }
    }

    private async Task AttemptAsync(WorkItem.Attempt turn)
    {
        var health = SiteHealth.Neutral;
        DeliveryFailure? failure = null;
        QueuedAttempt? queued;
        try
        {
            queued = await LoadAsync(turn.Entry, turn.IsFinal);
            if (queued is not null)
            {
                await _runner.DeliverAsync(queued.Attempt, _stop.Token);
                health = SiteVerdict.Of(queued.Attempt.Recipients);
                failure = SiteVerdict.FailureOf(queued.Attempt.Recipients);
            }
        }
        finally
        {
            Scheduler.FinishAtSite(turn, health, failure);
        }

        Wake();
        if (queued is not null)
        {
            await SettleAsync(turn.Entry, queued);
        }
    }

    private async Task AttemptLastAsync(QueueEntry entry)
    {
        QueuedAttempt? queued;
        try
        {
            queued = await LoadAsync(entry, isFinal: true);
            if (queued is not null)
            {
                await _runner.DeliverAsync(queued.Attempt, _stop.Token);
            }
        }
        finally
        {
            Scheduler.FinishLast();
        }

        if (queued is not null)
        {
            await SettleAsync(entry, queued);
        }
    }

    private async Task<QueuedAttempt?> LoadAsync(QueueEntry entry, bool isFinal)
    {
        if (entry.InMemory is { } message)
        {
            return new QueuedAttempt(entry, message, isFinal);
        }

        try
        {
            var stored = await _store.ReadMessageAsync(entry.Id, entry.Destination.Name, _stop.Token);
            if (stored is { Recipients.Count: > 0 })
            {
                return new QueuedAttempt(entry, stored, new StoredContent(_store, entry.Id, stored), isFinal);
            }

            Scheduler.Remove(entry);
        }
        catch (DbException error)
        {
            _recorder.NoteUnreadable(entry, error);
            Scheduler.PutBack(entry, UnreadableWait);
        }

        return null;
    }

    private static void LetGo(QueueEntry entry)
    {
        entry.InMemory?.Release();
        entry.InMemory = null;
    }

    private async Task SettleAsync(QueueEntry entry, QueuedAttempt queued)
    {
        entry.Attempts++;
        if (Scheduler.IsLate(entry))
        {
            entry.Warning = DelayWarningState.Done;
        }

        var wait = Min(Scheduler.WaitAfter(entry.Attempts), _recorder.TimeLeft(entry));

        // Not broken off: what the attempt came to is known by now, and shall be kept.
        var settlement = await _recorder.SettleAsync(queued, wait, _notices.Writer, CancellationToken.None);
        LetGo(entry);
        try
        {
            if (await _store.SettleAsync(settlement.Write).WaitAsync(_stop.Token) != StoreFault.None)
            {
                return;
            }
        }
        finally
        {
            settlement.Notifications.ToList().ForEach(_notices.Writer.Release);
        }

        _notices.Deliver(settlement.Notifications);
        if (queued.IsAnyQueued)
        {
            Scheduler.PutBack(entry, wait);
        }
        else
        {
            Scheduler.Remove(entry);
        }

        await _notices.TellAsync(queued, settlement, _stop.Token);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
