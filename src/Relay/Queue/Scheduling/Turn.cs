using Relay.Delivery;

namespace Relay.Queue.Scheduling;

/// <summary>What the scheduler wants done next.</summary>
internal abstract record Turn
{
    private Turn()
    {
    }

    /// <summary>An attempt.</summary>
    /// <param name="Entry">Of this entry.</param>
    /// <param name="Site">At this site.</param>
    /// <param name="Started">The timestamp of its start.</param>
    /// <param name="IsFinal">The entry's time has ended.</param>
    public sealed record Attempt(QueueEntry Entry, Site Site, long Started, bool IsFinal) : Turn;

    /// <summary>An entry whose time ended while its site could not be reached: it ends with what is known.</summary>
    /// <param name="Entry">The entry.</param>
    /// <param name="Failure">The site's last failure.</param>
    public sealed record Forgone(QueueEntry Entry, DeliveryFailure Failure) : Turn;

    /// <summary>A look-up of a destination's site.</summary>
    /// <param name="Destination">The destination.</param>
    public sealed record Route(Destination Destination) : Turn;
}
