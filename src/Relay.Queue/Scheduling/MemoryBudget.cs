namespace Relay.Queue.Scheduling;

/// <summary>How many octets of content may stay in memory.</summary>
internal sealed class MemoryBudget(long octets)
{
    // Envelope and bookkeeping of a message, roughly; keeps many tiny messages from escaping the budget.
    private const int Overhead = 2048;

    private long _left = octets;

    /// <summary>Takes a message's share; false when there is not enough left.</summary>
    public bool TryTake(long content)
    {
        if (Interlocked.Add(ref _left, -(content + Overhead)) >= 0)
        {
            return true;
        }

        Return(content);
        return false;
    }

    /// <summary>Gives a message's share back.</summary>
    public void Return(long content) => Interlocked.Add(ref _left, content + Overhead);
}
