using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Queue.Bounces;
using Relay.Queue.Scheduling;
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
    private readonly RetrySchedule _schedule;
    private readonly ILogger _logger;
    private readonly NotificationWriter _writer;
    private readonly FailureNotices _failures;
    private readonly UndeliverableMail _undeliverable;
    private readonly DelayWarnings _warnings;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes a dispatcher that has nothing to do yet.</summary>
    public Dispatcher(
        (QueueStore Store, QueueSpace Space) storage, (DeliveryRunner DeliveryRunner, OutcomeRecorder OutcomeRecorder) staff, RetrySchedule schedule,
        QueueSettings settings, ILogger logger)
    {
        _store = storage.Store;
        (_runner, _recorder) = staff;
        _schedule = schedule;
        _logger = logger;
        Scheduler = new Scheduler(settings, schedule, _recorder.Clock, Wake) { WarningLead = _recorder.WarningLead };
        _writer = new NotificationWriter(_store, storage.Space, _recorder.Notifier, logger);
        _failures = new FailureNotices(_store, _writer, Deliver, _recorder.Clock, logger);
        _undeliverable = new UndeliverableMail(_store, _recorder.FailedMail, _recorder.Clock, logger);
        _warnings = new DelayWarnings(_store, _writer, _recorder.Clock);
    }

    /// <summary>Where entries wait.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Takes up what an earlier run left to be told, and starts whatever may start now. Returns at once.</summary>
    public void Start()
    {
        _failures.Start();
        _undeliverable.Start();
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
        await Task.WhenAll(idle, _failures.StopAsync(), _undeliverable.StopAsync());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Scheduler.Dispose();
        _failures.Dispose();
        _undeliverable.Dispose();
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
        QueueLog.AttemptFaulted(_logger, fault, entry?.Id.ToString() ?? string.Empty, entry?.Destination.Name ?? string.Empty);
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
            var prepared = await _warnings.WriteAsync(warning.Entries, Scheduler.LastFailureAt, _stop.Token);
            isDone = prepared is not null;
            foreach (var notification in prepared ?? [])
            {
                Deliver(notification);
            }
        }
        catch (DbException error)
        {
            QueueLog.MessageUnreadable(_logger, warning.Entries[0].Id.ToString(), error.Message);
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
            QueueLog.MessageUnreadable(_logger, entry.Id.ToString(), error.Message);
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

        var wait = Min(_schedule.After(entry.Attempts), _recorder.TimeLeft(entry));

        // Not broken off: what the attempt came to is known by now, and shall be kept.
        var settlement = await _recorder.SettleAsync(queued, wait, _writer, CancellationToken.None);
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
            settlement.Notifications.ToList().ForEach(_writer.Release);
        }

        foreach (var notification in settlement.Notifications)
        {
            Deliver(notification);
        }

        if (queued.IsAnyQueued)
        {
            Scheduler.PutBack(entry, wait);
        }
        else
        {
            Scheduler.Remove(entry);
        }

        await TellAsync(entry, queued, settlement);
    }

    private async Task TellAsync(QueueEntry entry, QueuedAttempt queued, Settlement settlement)
    {
        if (settlement.Failures.Count > 0)
        {
            await _failures.AddAsync(entry.Id, settlement.Failures, _stop.Token);
        }

        if (settlement.IsUndeliverable)
        {
            _undeliverable.Add(queued.Octets);
        }
    }

    private void Deliver(PreparedNotification notification)
    {
        var notice = notification.Notice;
        QueueLog.NotificationQueued(
            _logger, notification.Id.ToString(), notice.About.ToString(), notice.Mail.ReversePath.ToString(),
            notice.Kind.ToString().ToLowerInvariant(), notice.Recipients.Count);
        var lifetime = _recorder.LifetimeOf(isReport: false, isNotification: true);
        var expiry = _recorder.Clock.GetTimestamp() + Scheduler.ToTimestamps(lifetime);
        Scheduler.AddNew(notification.Id, notification.Destination, expiry, message: null, isNeverWarned: true);
        Wake();
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
