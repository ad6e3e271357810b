namespace Relay.Reception.Spooling;

/// <summary>
/// How much memory all messages being received may take together. Beyond it messages go to temporary files from their
/// first octet, so that thousands of slow senders of big messages cost disk, not memory.
/// </summary>
internal sealed class SpoolBudget(long octets)
{
    private long _left = octets;

    /// <summary>Takes a share; false when it is used up.</summary>
    public bool TryTake(int octets)
    {
        if (Interlocked.Add(ref _left, -octets) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref _left, octets);
        return false;
    }

    /// <summary>Gives a share back.</summary>
    public void Return(long octets) => Interlocked.Add(ref _left, octets);
}
