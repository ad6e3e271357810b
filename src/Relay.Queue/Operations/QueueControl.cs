using Microsoft.Extensions.Logging;
using Relay.Queue.Delivering;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;

namespace Relay.Queue.Operations;

/// <summary>
/// What operators see of the queue and do to it. The store is changed first or last so that at no moment an entry can be
/// tried that should not, nor two entries stand for one message and destination: that would deliver it twice.
/// </summary>
public sealed class QueueControl : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly QueueStore _store;
    private readonly Dispatcher _dispatcher;
    private readonly OutcomeRecorder _recorder;
    private readonly QueueOptions _options;
    private readonly ILogger _logger;

    internal QueueControl(QueueStore store, Dispatcher dispatcher, OutcomeRecorder recorder, QueueOptions options, ILogger logger)
    {
        _store = store;
        _dispatcher = dispatcher;
        _recorder = recorder;
        _options = options;
        _logger = logger;
    }

    /// <summary>Room for what makes room, on a full disk; null where there is none.</summary>
    internal ReserveFile? Reserve { get; init; }

    /// <summary>How many attempts are under way or being written.</summary>
    public int UnderWay => _dispatcher.Scheduler.UnderWay;

    /// <summary>What is wrong with the store; null when nothing is known to be.</summary>
    public string? StoreTrouble => _store.Trouble;

    /// <summary>How much there is.</summary>
    public Task<QueueTotals> CountAsync(CancellationToken cancellationToken) =>
        _store.BrowseAsync(QueueListing.Count, cancellationToken);

    /// <summary>A page of recipients.</summary>
    public async Task<IReadOnlyList<ListedRecipient>> ListAsync(QueueChoice choice, CancellationToken cancellationToken) =>
        WithBackoffs(await _store.BrowseAsync(connection => QueueListing.List(connection, choice), cancellationToken));

    /// <summary>One message; null when there is none.</summary>
    public async Task<ListedMessage?> FindAsync(QueueId id, CancellationToken cancellationToken) =>
        await _store.BrowseAsync(connection => QueueListing.Find(connection, id), cancellationToken) is { } message
            ? message with { Recipients = WithBackoffs(message.Recipients) }
            : null;

    /// <summary>
    /// Makes what waits due now, and ends the rest of the sites it goes to: of a message, of a destination, or all. Returns how many
    /// entries are due or under way.
    /// </summary>
    public int Retry(QueueId? id, string? destination, string by)
    {
        var scheduler = _dispatcher.Scheduler;
        var entries = id is { } known ? scheduler.Expedite(known, destination)
            : destination is not null ? scheduler.Expedite(destination)
            : scheduler.Expedite();
        QueueLog.Retried(_logger, id?.ToString(), destination, entries, by);
        _dispatcher.Wake();
        return entries;
    }

    /// <summary>Holds a message's queued recipients. An attempt under way is finished.</summary>
    public Task<QueueChange> HoldAsync(QueueId id, string by, CancellationToken cancellationToken) =>
        TakeTurnAsync(() => HoldAsync(id, by), cancellationToken);

    /// <summary>Queues a message's held recipients again, due now.</summary>
    public Task<QueueChange> ReleaseAsync(QueueId id, string by, CancellationToken cancellationToken) =>
        TakeTurnAsync(() => ReleaseAsync(id, by), cancellationToken);

    /// <summary>
    /// Removes a message, whatever its recipients' states. Nobody is told but the log: whoever drops mail knows whether its sender
    /// should hear of it.
    /// </summary>
    public Task<QueueChange> DropAsync(QueueId id, string by, CancellationToken cancellationToken) =>
        TakeTurnAsync(() => DropAsync(id, by), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    // The store has the time that a message's own last attempt left; what is due by then may still wait for its site.
    private IReadOnlyList<ListedRecipient> WithBackoffs(IReadOnlyList<ListedRecipient> recipients)
    {
        var now = _recorder.Clock.GetUtcNow();
        return [.. recipients.Select(recipient => recipient.State == RecipientState.Queued
            && _dispatcher.Scheduler.BackoffOf(recipient.Destination) is var backoff && backoff > TimeSpan.Zero
            ? recipient with { NextAttempt = Math.Max(recipient.NextAttempt, (now + backoff).ToUnixTimeMilliseconds()) }
            : recipient)];
    }

    private async Task<QueueChange> TakeTurnAsync(Func<Task<QueueChange>> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // What has begun is finished, also when the operator is gone: halves would be out of step.
            return await change();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<QueueChange> HoldAsync(QueueId id, string by)
    {
        var change = await TakeOutAndChangeAsync(id, MessageChange.Hold);
        if (change.Recipients > 0)
        {
            QueueLog.Held(_logger, id.ToString(), change.Recipients, by);
        }

        return change;
    }

    private async Task<QueueChange> DropAsync(QueueId id, string by)
    {
        var message = await FindAsync(id, CancellationToken.None);
        if (message is null)
        {
            return new QueueChange(0);
        }

        var change = await TakeOutAndChangeAsync(id, MessageChange.Drop);
        if (change.Fault is null)
        {
            foreach (var recipient in message.Recipients)
            {
                QueueLog.Dropped(
                    _logger, id.ToString(), $"<{recipient.ReversePath}>", $"<{recipient.Mailbox}>",
                    recipient.State.ToString().ToLowerInvariant(), by);
            }
        }

        return change;
    }

    private async Task<QueueChange> ReleaseAsync(QueueId id, string by)
    {
        // Read first: what cannot be read is not released either, for nothing would try it then.
        if (await FindAsync(id, CancellationToken.None) is { Recipients: [{ ReversePath: null }, ..] })
        {
            return new QueueChange(0, "the message itself is lost; relay queue drop removes what is left of it");
        }

        var held = await _store.BrowseAsync(connection => QueueListing.FindHeld(connection, id), CancellationToken.None);
        var change = await ChangeAsync(id, MessageChange.Release);
        if (change.Recipients == 0)
        {
            return change;
        }

        QueueLog.Released(_logger, id.ToString(), change.Recipients, by);
        _dispatcher.Scheduler.Reinstate(id, held.ToDictionary(row => row.Destination, ScheduleOf));
        _dispatcher.Wake();
        return change;
    }

    // Out of the scheduler first: an entry that stays there while the store changes could still be tried from memory.
    private async Task<QueueChange> TakeOutAndChangeAsync(QueueId id, MessageChange wanted)
    {
        var takenOut = _dispatcher.Scheduler.TakeOut(id);
        var change = await ChangeAsync(id, wanted);
        if (change.Fault is null)
        {
            _dispatcher.Scheduler.Forget(takenOut);
        }
        else
        {
            _dispatcher.Scheduler.Return(id, takenOut);
            _dispatcher.Wake();
        }

        return change;
    }

    private async Task<QueueChange> ChangeAsync(QueueId id, MessageChange wanted)
    {
        var change = new ChangeMessage(id, wanted, _recorder.Clock.GetUtcNow());
        var fault = await _store.ChangeAsync(change);
        if (fault == StoreFault.Full && wanted == MessageChange.Drop && Reserve?.TryGiveUp() == true)
        {
            change = new ChangeMessage(id, wanted, _recorder.Clock.GetUtcNow());
            fault = await _store.ChangeAsync(change);
        }

        return fault switch
        {
            StoreFault.None => new QueueChange(change.Recipients),
            StoreFault.Full => new QueueChange(0, "the disk is full"),
            _ => new QueueChange(0, "the store cannot be written; the log tells why"),
        };
    }

    // As at a start: no further ahead than a whole lifetime, whatever the wall clock did since.
    private EntrySchedule ScheduleOf(IndexRow row)
    {
        var clock = _recorder.Clock;
        var lifetime = _options.LifetimeOf(row.IsReport, row.IsNullPath);
        var left = row.ReceivedAt + lifetime.TotalMilliseconds - clock.GetUtcNow().ToUnixTimeMilliseconds();
        var expiry = clock.GetTimestamp()
            + _dispatcher.Scheduler.ToTimestamps(TimeSpan.FromMilliseconds(Math.Clamp(left, 0, lifetime.TotalMilliseconds)));
        return new EntrySchedule(expiry, row.Attempts, TimeSpan.Zero) { IsWarned = row.IsWarned || row.IsReport || row.IsNullPath };
    }
}
