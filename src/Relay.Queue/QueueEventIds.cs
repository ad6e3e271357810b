namespace Relay.Queue;

/// <summary>The queue's event ids. Operators alert on them; none is ever given another meaning.</summary>
public static class QueueEventIds
{
    /// <summary>A recipient's message was taken by the next hop.</summary>
    public const int Delivered = 3001;

    /// <summary>A recipient will be tried again.</summary>
    public const int Deferred = 3002;

    /// <summary>A recipient was refused for good.</summary>
    public const int Bounced = 3003;

    /// <summary>A recipient's time in the queue ended.</summary>
    public const int Expired = 3004;

    /// <summary>The store cannot be written.</summary>
    public const int StoreFailed = 3010;

    /// <summary>The store can be written again.</summary>
    public const int StoreRecovered = 3011;

    /// <summary>The store refused one operation.</summary>
    public const int OperationRefused = 3012;

    /// <summary>A queued message cannot be read.</summary>
    public const int MessageUnreadable = 3013;

    /// <summary>A delivery attempt failed by a fault of the relay.</summary>
    public const int AttemptFaulted = 3014;

    /// <summary>The queue was read at the start.</summary>
    public const int QueueLoaded = 3015;

    /// <summary>A notification to the sender of a message was put into the queue.</summary>
    public const int NotificationQueued = 3020;

    /// <summary>A message with the null reverse-path failed; it is kept.</summary>
    public const int UndeliverableBounce = 3021;

    /// <summary>A notification could not be written by a fault of the relay, or not with the message in it.</summary>
    public const int NotificationFaulted = 3022;

    /// <summary>A notification waits until the store can take it; what it is about is kept.</summary>
    public const int NotificationWaits = 3023;

    /// <summary>A failed message of which nobody can be told was removed, or its content, by the limits on those.</summary>
    public const int FailedMailRemoved = 3024;

    /// <summary>The store's log cannot be brought into the database file.</summary>
    public const int CheckpointFailed = 3026;

    /// <summary>It can be again.</summary>
    public const int CheckpointRecovered = 3027;

    /// <summary>The store read as damaged, and was read again.</summary>
    public const int ReadFailed = 3025;

    /// <summary>The store is damaged.</summary>
    public const int StoreDamaged = 3034;

    /// <summary>An operator dropped a recipient.</summary>
    public const int Dropped = 3030;

    /// <summary>An operator holds a message.</summary>
    public const int Held = 3031;

    /// <summary>An operator released a message.</summary>
    public const int Released = 3032;

    /// <summary>An operator had mail tried at once.</summary>
    public const int Retried = 3033;

    /// <summary>The disk has no room for new messages beside what is kept free; they are refused.</summary>
    public const int DiskLow = 3016;

    /// <summary>The disk has room for new messages again.</summary>
    public const int DiskOk = 3017;

    /// <summary>The queue holds as many entries as it may; new messages are refused.</summary>
    public const int QueueFull = 3018;

    /// <summary>The queue takes new messages again.</summary>
    public const int QueueOk = 3019;

    /// <summary>A notification that nothing depends on could not be written, and will not come.</summary>
    public const int NotificationDropped = 3035;
}
