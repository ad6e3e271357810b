using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>
/// Tells senders of failures. A recipient that failed stays in the store until the notification about it is committed in its place, so that
/// failures of one message can wait for each other, for room on the disk and over restarts, and none is forgotten.
/// </summary>
internal sealed class FailureNotices : IDisposable
{
    // What is kept in memory beyond the store's own words; further failures are told in those.
    private const long MaxKnown = 16 * 1024 * 1024;

    private static readonly TimeSpan RetryWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly QueueStore _store;
    private readonly NotificationWriter _writer;
    private readonly Action<PreparedNotification> _deliver;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Dictionary<QueueId, PendingFailures> _pending = [];
    private readonly PriorityQueue<QueueId, long> _due = new();
    private readonly WakeTimer _timer;
    private readonly CancellationTokenSource _closing = new();
    private Task _looking = Task.CompletedTask;
    private long _known;

    /// <summary>Makes it for a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="writer">Writes notifications.</param>
    /// <param name="deliver">Called with each once it is committed.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">Where to.</param>
    public FailureNotices(
        QueueStore store, NotificationWriter writer, Action<PreparedNotification> deliver, TimeProvider clock,
        ILogger logger)
    {
        (_store, _writer, _deliver, _clock, _logger) = (store, writer, deliver, clock, logger);
        _timer = new WakeTimer(clock, OnTimer);
    }

    /// <summary>Takes up what an earlier run left untold. Returns at once.</summary>
    public void Start() => _looking = Task.Run(TakeUpAsync, CancellationToken.None);

    /// <summary>Failures are committed; tells of them when it is time. Throws nothing: they are in the store.</summary>
    /// <param name="id">The message.</param>
    /// <param name="failures">Its recipients that failed.</param>
    /// <param name="cancellationToken">Gives up; the next start goes on.</param>
    public async Task AddAsync(QueueId id, IReadOnlyList<NotifiedRecipient> failures, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            if (!_pending.TryGetValue(id, out var pending))
            {
                pending = new PendingFailures(now);
                _pending.Add(id, pending);
            }

            // Whoever tells of the others at this moment may have read the store before these were in it.
            Remember(pending, failures);
            if (pending.IsTelling || (pending.Due > 0 && _clock.GetElapsedTime(now, pending.Due) <= Soon))
            {
                pending.HasMore = true;
                return;
            }
        }

        await LookAsync(id, cancellationToken);
    }

    /// <summary>Begins nothing more and waits for what is under way.</summary>
    public async Task StopAsync()
    {
        await _closing.CancelAsync();
        Task looking;
        lock (_gate)
        {
            looking = _looking;
        }

        await looking;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _closing.Dispose();
    }

    private void Remember(PendingFailures pending, IReadOnlyList<NotifiedRecipient> failures)
    {
        foreach (var failure in failures)
        {
            if (_known + failure.Weight <= MaxKnown && pending.Known.TryAdd(failure.Seq, failure))
            {
                pending.Weight += failure.Weight;
                _known += failure.Weight;
            }
        }
    }

    private async Task TakeUpAsync()
    {
        try
        {
            var last = default(QueueId);
            while (await _store.ReadFailedIdsAsync(last, _closing.Token) is { Count: > 0 } ids)
            {
                foreach (var id in ids)
                {
                    await AddAsync(id, [], _closing.Token);
                    last = id;
                }
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The rest is told after the next start.
        }
        catch (DbException fault)
        {
            QueueLog.OperationRefused(_logger, fault.Message);
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _timer.Reset();
            var ids = new List<QueueId>();
            while (_due.TryPeek(out var id, out var due) && due <= _clock.GetTimestamp())
            {
                _due.Dequeue();
                ids.Add(id);
            }

            if (_due.TryPeek(out _, out var next))
            {
                _timer.RingAt(next);
            }

            if (ids.Count > 0)
            {
                _looking = LookAtAsync(_looking, ids);
            }
        }
    }

    private async Task LookAtAsync(Task earlier, List<QueueId> ids)
    {
        await Task.Yield();
        await earlier;
        foreach (var id in ids)
        {
            await LookAsync(id, _closing.Token);
        }
    }

    private async Task LookAsync(QueueId id, CancellationToken cancellationToken)
    {
        PendingFailures? pending;
        lock (_gate)
        {
            if (!_pending.TryGetValue(id, out pending))
            {
                return;
            }

            if (pending.IsTelling)
            {
                pending.HasMore = true;
                return;
            }

            pending.IsTelling = true;
        }

        TimeSpan? wait;
        do
        {
            pending.HasMore = false;
            wait = await TryTellAsync(id, pending, cancellationToken);
        }
        while (!GoesOn(id, pending, wait));
    }

    // False when more came meanwhile and is to be looked at first.
    private bool GoesOn(QueueId id, PendingFailures pending, TimeSpan? wait)
    {
        lock (_gate)
        {
            if (wait is null && pending.HasMore && !_closing.IsCancellationRequested)
            {
                return false;
            }

            pending.IsTelling = false;
            if (wait is { } time)
            {
                pending.Due = _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency);
                _due.Enqueue(id, pending.Due);
                _timer.RingAt(pending.Due);
            }
            else
            {
                _known -= pending.Weight;
                _pending.Remove(id);
            }

            return true;
        }
    }

    // How long to wait before the next look; null when nothing is left.
    private async Task<TimeSpan?> TryTellAsync(QueueId id, PendingFailures pending, CancellationToken cancellationToken)
    {
        try
        {
            // Counted first: what has failed by then is read, so that nobody is left out of a notification that waits for nobody any more.
            var (queued, untried) = await _store.CountQueuedAsync(id, cancellationToken);
            if (await _store.ReadFailedAsync(id, cancellationToken) is not { Message: { IsReport: false, Mail.ReversePath.IsNull: false, Recipients.Count: > 0 } } failed)
            {
                return null;
            }

            var left = GatheringTime.Left(failed.Message.Notified, queued, untried, _clock.GetElapsedTime(pending.Since));
            return left > TimeSpan.Zero ? left : await TellAsync(id, failed, pending, cancellationToken) ? null : NextTry(pending);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return RetryWait;
        }
#pragma warning disable CA1031 // What is to be told stays in the store, and is told later.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            QueueLog.NotificationFaulted(_logger, fault, id.ToString());
            return NextTry(pending);
        }
    }

    private static TimeSpan NextTry(PendingFailures pending) => RetryWait * Math.Pow(2, Math.Min(pending.Tries++, 6));

    private async Task<bool> TellAsync(QueueId id, FailedMessage failed, PendingFailures pending, CancellationToken cancellationToken)
    {
        var message = failed.Message;
        if (Unwanted(message) is { Count: > 0 } unwanted
            && await _store.ChangeAsync(new TellSender(id, unwanted, notification: null)).WaitAsync(cancellationToken) != StoreFault.None)
        {
            return false;
        }

        var told = Told(failed, pending);
        if (told.Count == 0)
        {
            return true;
        }

        var notice = new Notice(NotificationKind.Failed, id, message.Mail, told)
        {
            ReceivedAt = message.ReceivedAt,
            AttemptedAt = failed.AttemptedAt,
        };
        var notified = message.Notified;
        using var content = new StoredContent(_store, id, message);
        foreach (var portion in notice.Portions())
        {
            // RFC 3461 §4.3, departure: with RET=FULL the message comes back once, for its sender needs it once.
            var part = notified++ > 0 ? ReturnedPart.BriefHeader
                : message.Mail.Return == DsnReturn.Full ? ReturnedPart.Whole
                : ReturnedPart.Header;
            if (!await TellPortionAsync(portion, content, part, cancellationToken))
            {
                QueueLog.NotificationWaits(
                    _logger, id.ToString(), portion.Recipients.Count, "the store cannot take it now; what it is about is kept and told later");
                return false;
            }
        }

        return true;
    }

    private async Task<bool> TellPortionAsync(
        Notice portion, StoredContent content, ReturnedPart part, CancellationToken cancellationToken)
    {
        if (await _writer.TryPrepareAsync(portion, content, part, cancellationToken) is not { } prepared)
        {
            return false;
        }

        try
        {
            var telling = new TellSender(portion.About, [.. portion.Recipients.Select(recipient => recipient.Seq)], prepared.Insert);
            if (await _store.ChangeAsync(telling).WaitAsync(cancellationToken) != StoreFault.None)
            {
                return false;
            }

            if (telling.IsTold)
            {
                _deliver(prepared);
            }

            return true;
        }
        finally
        {
            _writer.Release(prepared);
        }
    }

    // RFC 3461 §5.2.5: whoever wants no word of a failure gets none.
    private static List<int> Unwanted(StoredMessage message) =>
        [.. message.Recipients.Where(recipient => !IsWanted(recipient)).Select(recipient => recipient.Seq)];

    private List<NotifiedRecipient> Told(FailedMessage failed, PendingFailures pending)
    {
        lock (_gate)
        {
            return [.. failed.Message.Recipients.Zip(failed.Diagnostics)
                .Where(pair => IsWanted(pair.First))
                .Select(pair => pending.Known.GetValueOrDefault(pair.First.Seq)
                    ?? NotifiedRecipient.FromStore(pair.First.Envelope, pair.Second.Status, pair.Second.Text) with { Seq = pair.First.Seq })];
        }
    }

    private static bool IsWanted(StoredRecipient recipient) => NotificationRules.IsDue(recipient.Envelope.Notify, DsnNotify.Failure);
}
