namespace Relay.Queue.Scheduling;

/// <summary>What is known of an entry that was queued before.</summary>
/// <param name="Expiry">The timestamp at which its time in the queue ends.</param>
/// <param name="Attempts">How many attempts there were.</param>
/// <param name="Wait">Until the next; zero for at once.</param>
internal readonly record struct EntrySchedule(long Expiry, int Attempts, TimeSpan Wait)
{
    /// <summary>Its sender has been told that it waits, or is never told.</summary>
    public bool IsWarned { get; init; }
}
