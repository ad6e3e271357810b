namespace Relay.Queue.Scheduling;

/// <summary>
/// One message's recipients at one destination: the unit that is scheduled. Kept small, for there may be a million.
/// </summary>
/// <param name="id">The message.</param>
/// <param name="destination">Where it goes.</param>
/// <param name="expiry">The timestamp at which its time in the queue ends.</param>
internal sealed class QueueEntry(QueueId id, Destination destination, long expiry)
{
    /// <summary>The message.</summary>
    public QueueId Id { get; } = id;

    /// <summary>Where it goes.</summary>
    public Destination Destination { get; } = destination;

    /// <summary>The timestamp at which its time ends.</summary>
    public long Expiry { get; } = expiry;

    /// <summary>How many attempts there were.</summary>
    public int Attempts { get; set; }

    /// <summary>The message while it is in memory.</summary>
    public InMemoryMessage? InMemory { get; set; }

    /// <summary>The next in the destination's line of ready entries.</summary>
    public QueueEntry? Next { get; set; }
}
