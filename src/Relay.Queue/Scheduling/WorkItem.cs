using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Scheduling;

/// <summary>What the scheduler wants done next.</summary>
internal abstract record WorkItem
{
    private WorkItem()
    {
    }

    /// <summary>Whose slot it occupies; warnings have slots of their own.</summary>
    public ServiceClass ServiceClass { get; init; }

    /// <summary>An attempt.</summary>
    /// <param name="Entry">Of this entry.</param>
    /// <param name="Site">At this site.</param>
    /// <param name="Started">The timestamp of its start.</param>
    /// <param name="IsFinal">The entry's time has ended.</param>
    public sealed record Attempt(QueueEntry Entry, Site Site, long Started, bool IsFinal) : WorkItem;

    /// <summary>
    /// The last attempt of an entry whose time ended while its site backs off. It is not spared: a plugin that holds mail back
    /// looks once more in it (RFC 8461 §5.1), and a transport that remembers the dead address makes it a short one.
    /// </summary>
    /// <param name="Entry">The entry.</param>
    public sealed record Last(QueueEntry Entry) : WorkItem;

    /// <summary>The sender is to be told that the message waits.</summary>
    /// <param name="Entries">Those of the message that wait or stand in line.</param>
    public sealed record Warning(IReadOnlyList<QueueEntry> Entries) : WorkItem;

    /// <summary>A look-up of a destination's site.</summary>
    /// <param name="Destination">The destination.</param>
    public sealed record Route(Destination Destination) : WorkItem;
}
