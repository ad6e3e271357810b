using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Scheduling;

/// <summary>
/// One message's recipients at one destination: the unit that is scheduled. Kept small, for there may be a million; the links of the
/// lines and tables that it stands in are its own.
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

    /// <summary>While it waits, the timestamp at which it is due.</summary>
    public long Due { get; set; }

    /// <summary>How many attempts there were.</summary>
    public int Attempts { get; set; }

    /// <summary>Where it stands among the alarms; negative for nowhere.</summary>
    public int AlarmIndex { get; set; } = -1;

    /// <summary>The message while it is in memory.</summary>
    public InMemoryMessage? InMemory { get; set; }

    /// <summary>The next in the destination's line of ready entries.</summary>
    public QueueEntry? Next { get; set; }

    /// <summary>The one before it there.</summary>
    public QueueEntry? Previous { get; set; }

    /// <summary>The next in its chain of the index of messages.</summary>
    public QueueEntry? NextInChain { get; set; }

    /// <summary>Where it is.</summary>
    public EntryPlace Place { get; set; }

    /// <summary>What a command has decided of it while it is under way.</summary>
    public EntryDecision Decision { get; set; }

    /// <summary>How far it is with the warning of its sender.</summary>
    public DelayWarningState Warning { get; set; }
}
