namespace Relay.Queue;

/// <summary>
/// Gives out queue ids. They come from blocks that the store has reserved before a message of the block can be stored,
/// so that neither a crash nor a stepping clock makes one come twice.
/// </summary>
/// <param name="reserved">The first id that no earlier run can have given.</param>
internal sealed class QueueIdSequence(long reserved)
{
    /// <summary>The very first id, the least with six letters: ids in a log then line up.</summary>
    public const long First = 1L << 25;

    /// <summary>How many ids one reservation holds; a restart skips at most so many.</summary>
    public const long Block = 100_000;

    private long _last = reserved - 1;

    /// <summary>The next id.</summary>
    public QueueId Next() => new(Interlocked.Increment(ref _last));
}
