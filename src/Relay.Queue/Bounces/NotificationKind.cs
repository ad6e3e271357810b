namespace Relay.Queue.Bounces;

/// <summary>What a notification tells: the action of RFC 3464 §2.3.3.</summary>
internal enum NotificationKind
{
    /// <summary>The message could not be delivered and will not be tried again.</summary>
    Failed = 0,

    /// <summary>It could not be delivered so far and is tried on.</summary>
    Delayed,

    /// <summary>It was handed to a server that tells no more of it.</summary>
    Relayed,
}
