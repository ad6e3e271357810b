using Microsoft.Extensions.Logging;

namespace Relay.Queue;

/// <summary>What the queue logs; one line per recipient and attempt, the rest when an operator can act.</summary>
internal static partial class QueueLog
{
    [LoggerMessage(
        EventId = QueueEventIds.Delivered, EventName = "delivered", Level = LogLevel.Information,
        Message = "{Queue} {From} {To} {Mx} {Ip} {Tls} {Cipher} {Verified} {Fields} {Delay} {Dsn} {Reply}")]
    public static partial void Delivered(
        ILogger logger, string queue, string from, string to, string mx, string ip, string? tls, string? cipher,
        string? verified, IEnumerable<KeyValuePair<string, string>> fields, string delay, string dsn, string reply);

    [LoggerMessage(
        EventId = QueueEventIds.Deferred, EventName = "deferred", Level = LogLevel.Warning,
        Message = "{Queue} {From} {To} {Mx} {Ip} {Reason} {Uncertain} {Fields} {Next} {Delay} {Dsn} {Text}")]
    public static partial void Deferred(
        ILogger logger, string queue, string from, string to, string? mx, string? ip, string reason, string? uncertain,
        IEnumerable<KeyValuePair<string, string>> fields, string next, string delay, string dsn, string text);

    [LoggerMessage(
        EventId = QueueEventIds.Bounced, EventName = "bounced", Level = LogLevel.Warning,
        Message = "{Queue} {From} {To} {Mx} {Ip} {Reason} {Fields} {Delay} {Dsn} {Text}")]
    public static partial void Bounced(
        ILogger logger, string queue, string from, string to, string? mx, string? ip, string reason,
        IEnumerable<KeyValuePair<string, string>> fields, string delay, string dsn, string text);

    [LoggerMessage(
        EventId = QueueEventIds.Expired, EventName = "expired", Level = LogLevel.Warning,
        Message = "{Queue} {From} {To} {Mx} {Ip} {Reason} {Fields} {Delay} {Dsn} {Text}")]
    public static partial void Expired(
        ILogger logger, string queue, string from, string to, string? mx, string? ip, string reason,
        IEnumerable<KeyValuePair<string, string>> fields, string delay, string dsn, string text);

    [LoggerMessage(
        EventId = QueueEventIds.UndeliverableBounce, EventName = "undeliverable-bounce", Level = LogLevel.Warning,
        Message = "{Queue} {To} {Text}")]
    public static partial void UndeliverableBounce(ILogger logger, string queue, string to, string text);

    [LoggerMessage(
        EventId = QueueEventIds.NotificationQueued, EventName = "notification-queued", Level = LogLevel.Information,
        Message = "{Queue} {About} {To} {Kind} {Recipients}")]
    public static partial void NotificationQueued(
        ILogger logger, string queue, string about, string to, string kind, int recipients);

    [LoggerMessage(
        EventId = QueueEventIds.NotificationFaulted, EventName = "notification-faulted", Level = LogLevel.Error,
        Message = "{About}")]
    public static partial void NotificationFaulted(ILogger logger, Exception exception, string about);

    [LoggerMessage(
        EventId = QueueEventIds.NotificationWaits, EventName = "notification-waits", Level = LogLevel.Warning,
        Message = "{About} {Recipients} {Text}")]
    public static partial void NotificationWaits(ILogger logger, string about, int recipients, string text);

    [LoggerMessage(
        EventId = QueueEventIds.NotificationDropped, EventName = "notification-dropped", Level = LogLevel.Warning,
        Message = "{About} {Recipients} {Text}")]
    public static partial void NotificationDropped(ILogger logger, string about, int recipients, string text);

    [LoggerMessage(
        EventId = QueueEventIds.FailedMailRemoved, EventName = "failed-mail-removed", Level = LogLevel.Warning,
        Message = "{Queue} {Reason} {Size} {Text}")]
    public static partial void FailedMailRemoved(ILogger logger, string queue, string reason, long size, string text);

    [LoggerMessage(
        EventId = QueueEventIds.StoreFailed, EventName = "store-failed", Level = LogLevel.Error,
        Message = "{Reason} {Text}")]
    public static partial void StoreFailed(ILogger logger, string reason, string text);

    [LoggerMessage(
        EventId = QueueEventIds.StoreRecovered, EventName = "store-recovered", Level = LogLevel.Warning,
        Message = "The store can be written again")]
    public static partial void StoreRecovered(ILogger logger);

    [LoggerMessage(
        EventId = QueueEventIds.CheckpointFailed, EventName = "checkpoint-failed", Level = LogLevel.Error,
        Message = "{Reason} {Octets} {Text}")]
    public static partial void CheckpointFailed(ILogger logger, string reason, long octets, string text);

    [LoggerMessage(
        EventId = QueueEventIds.CheckpointRecovered, EventName = "checkpoint-recovered", Level = LogLevel.Warning,
        Message = "The log is in the database file")]
    public static partial void CheckpointRecovered(ILogger logger);

    [LoggerMessage(
        EventId = QueueEventIds.ReadFailed, EventName = "read-failed", Level = LogLevel.Warning,
        Message = "{Text}")]
    public static partial void ReadFailed(ILogger logger, string text);

    [LoggerMessage(
        EventId = QueueEventIds.StoreDamaged, EventName = "store-corrupt", Level = LogLevel.Error,
        Message = "{Text} {Remedy}")]
    public static partial void StoreDamaged(ILogger logger, string text, string remedy);

    [LoggerMessage(
        EventId = QueueEventIds.OperationRefused, EventName = "store-refused", Level = LogLevel.Error,
        Message = "{Text}")]
    public static partial void OperationRefused(ILogger logger, string text);

    [LoggerMessage(
        EventId = QueueEventIds.MessageUnreadable, EventName = "message-unreadable", Level = LogLevel.Error,
        Message = "{Queue} {Text}")]
    public static partial void MessageUnreadable(ILogger logger, string queue, string text);

    [LoggerMessage(
        EventId = QueueEventIds.AttemptFaulted, EventName = "attempt-faulted", Level = LogLevel.Error,
        Message = "{Queue} {Domain}")]
    public static partial void AttemptFaulted(ILogger logger, Exception exception, string queue, string domain);

    [LoggerMessage(
        EventId = QueueEventIds.QueueLoaded, EventName = "queue-loaded", Level = LogLevel.Information,
        Message = "{Entries} {Destinations}")]
    public static partial void QueueLoaded(ILogger logger, int entries, int destinations);

    [LoggerMessage(
        EventId = QueueEventIds.Dropped, EventName = "dropped", Level = LogLevel.Warning,
        Message = "{Queue} {From} {To} {State} {By}")]
    public static partial void Dropped(ILogger logger, string queue, string from, string to, string state, string by);

    [LoggerMessage(
        EventId = QueueEventIds.Held, EventName = "held", Level = LogLevel.Information, Message = "{Queue} {Recipients} {By}")]
    public static partial void Held(ILogger logger, string queue, int recipients, string by);

    [LoggerMessage(
        EventId = QueueEventIds.Released, EventName = "released", Level = LogLevel.Information,
        Message = "{Queue} {Recipients} {By}")]
    public static partial void Released(ILogger logger, string queue, int recipients, string by);

    [LoggerMessage(
        EventId = QueueEventIds.Retried, EventName = "retried", Level = LogLevel.Information,
        Message = "{Queue} {Domain} {Entries} {By}")]
    public static partial void Retried(ILogger logger, string? queue, string? domain, int entries, string by);

    [LoggerMessage(
        EventId = QueueEventIds.DiskLow, EventName = "disk-low", Level = LogLevel.Error,
        Message = "{Free} {Least} {Text}")]
    public static partial void DiskLow(ILogger logger, long free, long least, string text);

    [LoggerMessage(
        EventId = QueueEventIds.DiskOk, EventName = "disk-ok", Level = LogLevel.Warning,
        Message = "{Free} {Least}")]
    public static partial void DiskOk(ILogger logger, long free, long least);

    [LoggerMessage(
        EventId = QueueEventIds.QueueFull, EventName = "queue-full", Level = LogLevel.Error,
        Message = "{Entries} {Most} {Text}")]
    public static partial void QueueFull(ILogger logger, int entries, int most, string text);

    [LoggerMessage(
        EventId = QueueEventIds.QueueOk, EventName = "queue-ok", Level = LogLevel.Warning,
        Message = "{Entries} {Most}")]
    public static partial void QueueOk(ILogger logger, int entries, int most);
}
