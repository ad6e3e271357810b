namespace Relay.Queue;

/// <summary>What became of a message handed to the queue.</summary>
public enum EnqueueResult
{
    /// <summary>The store failed; nothing was kept (451 4.3.0).</summary>
    StoreUnavailable = 0,

    /// <summary>The disk is full or a queue limit is reached; nothing was kept (452 4.3.1).</summary>
    Full,

    /// <summary>Committed to stable storage; 250 may be answered (RFC 5321 §6.1).</summary>
    Stored,

    /// <summary>A message with this report key was stored before; nothing was added.</summary>
    StoredBefore,
}
