using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Bounces;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;

namespace Relay.Queue;

/// <summary>
/// Does what the scheduler wants done. An attempt leaves no trace in the store until it has a result: killed in between, the
/// relay makes it again, and what the peer took then comes twice, never not at all (RFC 5321 §6.1).
/// </summary>
internal sealed class Dispatcher : IDisposable
{
    private static readonly TimeSpan UnreadableWait = TimeSpan.FromMinutes(1);

    private readonly QueueStore _store;
    private readonly Courier _courier;
    private readonly Settler _settler;
    private readonly RetrySchedule _schedule;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Makes a dispatcher that has nothing to do yet.</summary>
    public Dispatcher(
        QueueStore store, (Courier Courier, Settler Settler) staff, RetrySchedule schedule, QueueSettings settings, ILogger logger)
    {
        _store = store;
        (_courier, _settler) = staff;
        _schedule = schedule;
        _logger = logger;
        Scheduler = new Scheduler(settings, schedule, _settler.Clock, Wake);
    }

    /// <summary>Where entries wait.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Starts whatever may start now. Returns at once.</summary>
    public void Wake()
    {
        while (Scheduler.TryTake(out var turn))
        {
            // The caller may be a session that has a 250 to send: it shall not run the attempt itself.
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => _ = work.Dispatcher.RunAsync(work.Turn), (Dispatcher: this, Turn: turn), preferLocal: false);
        }
    }

    /// <summary>Starts nothing more and waits for what is under way; breaks it off when the token fires.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        var idle = Scheduler.StopAsync();
        await using var registration = cancellationToken.UnsafeRegister(
            static source => ((CancellationTokenSource)source!).Cancel(), _stop);
        await idle;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Scheduler.Dispose();
        _stop.Dispose();
        _closing.Dispose();
    }

    private async Task RunAsync(Turn turn)
    {
        try
        {
            await (turn switch
            {
                Turn.Route(var destination) => RouteAsync(destination),
                Turn.Attempt attempt => AttemptAsync(attempt),
                Turn.Last(var entry) => AttemptLastAsync(entry),
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

    private void GoOnAfter(Exception fault, Turn turn)
    {
        var entry = turn switch
        {
            Turn.Attempt attempt => attempt.Entry,
            Turn.Last last => last.Entry,
            _ => null,
        };
        QueueLog.AttemptFaulted(_logger, fault, entry?.Id.ToString() ?? string.Empty, entry?.Destination.Name ?? string.Empty);
        if (entry is not null)
        {
            Scheduler.PutBack(entry, UnreadableWait);
        }
    }

    private async Task RouteAsync(Destination destination) =>
        Scheduler.SetRoute(destination, await _courier.FindSiteAsync(destination.Name, _stop.Token));

    private async Task AttemptAsync(Turn.Attempt turn)
    {
        var health = SiteHealth.Neutral;
        Consignment? consignment;
        try
        {
            consignment = await LoadAsync(turn.Entry, turn.IsFinal);
            if (consignment is not null)
            {
                await _courier.DeliverAsync(consignment.Attempt, _stop.Token);
                health = SiteVerdict.Of(consignment.Attempt.Recipients);
            }
        }
        finally
        {
            Scheduler.FinishAtSite(turn, health);
        }

        Wake();
        if (consignment is not null)
        {
            await SettleAsync(turn.Entry, consignment);
        }
    }

    private async Task AttemptLastAsync(QueueEntry entry)
    {
        Consignment? consignment;
        try
        {
            consignment = await LoadAsync(entry, isFinal: true);
            if (consignment is not null)
            {
                await _courier.DeliverAsync(consignment.Attempt, _stop.Token);
            }
        }
        finally
        {
            Scheduler.FinishLast();
        }

        if (consignment is not null)
        {
            await SettleAsync(entry, consignment);
        }
    }

    private async Task<Consignment?> LoadAsync(QueueEntry entry, bool isFinal)
    {
        if (entry.Resident is { } resident)
        {
            return new Consignment(entry, resident, isFinal);
        }

        try
        {
            var stored = await _store.ReadMessageAsync(entry.Id, entry.Destination.Name, _stop.Token);
            if (stored is { Recipients.Count: > 0 })
            {
                return new Consignment(entry, stored, new StoredContent(_store, entry.Id, stored), isFinal);
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
        entry.Resident?.Release();
        entry.Resident = null;
    }

    private async Task SettleAsync(QueueEntry entry, Consignment consignment)
    {
        entry.Attempts++;
        var wait = Min(_schedule.After(entry.Attempts), _settler.TimeLeft(entry));

        // Not broken off: what the attempt came to is known by now, and shall be kept.
        var settlement = await _settler.SettleAsync(consignment, wait, _store.NextId, CancellationToken.None);
        LetGo(entry);
        if (await _store.SettleAsync(settlement.Write).WaitAsync(_stop.Token) != StoreFault.None)
        {
            return;
        }

        foreach (var notification in settlement.Notifications)
        {
            Deliver(notification);
        }

        if (consignment.IsAnyQueued)
        {
            Scheduler.PutBack(entry, wait);
        }
        else
        {
            Scheduler.Remove(entry);
        }
    }

    /// <summary>Tells the senders of what failed before there were notifications.</summary>
    public Task TellOfEarlierFailuresAsync() =>
        new EarlierFailures(_store, _settler.Notifier, notification =>
        {
            Deliver(notification);
            Wake();
        }, _logger).RunAsync(_settler.Clock.GetUtcNow(), _closing.Token);

    private void Deliver(PreparedNotification notification)
    {
        var notice = notification.Notice;
        QueueLog.NotificationQueued(
            _logger, notification.Id.ToString(), notice.About.ToString(), notice.Mail.ReversePath.ToString(),
            notice.Kind.ToString().ToLowerInvariant(), notice.Recipients.Count);
        var lifetime = _settler.LifetimeOf(isReport: false, isNotification: true);
        var expiry = _settler.Clock.GetTimestamp() + Scheduler.ToTimestamps(lifetime);
        Scheduler.AddFresh(notification.Id, notification.Destination, expiry, resident: null);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
