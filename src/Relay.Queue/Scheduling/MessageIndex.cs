namespace Relay.Queue.Scheduling;

/// <summary>
/// Finds the entries of a message. A table of chains that run through the entries themselves: it takes half of what a dictionary does,
/// and a message is mostly one entry. Guarded by the scheduler's lock.
/// </summary>
internal sealed class MessageIndex
{
    private const int FirstSize = 64;

    // Ids are given one after the other, so their last bits spread them evenly.
    private QueueEntry?[] _chains = new QueueEntry?[FirstSize];

    /// <summary>How many entries there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an entry.</summary>
    public void Add(QueueEntry entry)
    {
        if (Count == _chains.Length)
        {
            Grow();
        }

        Link(entry);
        Count++;
    }

    /// <summary>Removes an entry, which must be there.</summary>
    public void Remove(QueueEntry entry)
    {
        ref var first = ref ChainOf(entry.Id);
        if (first == entry)
        {
            first = entry.NextInChain;
        }
        else
        {
            var before = first!;
            while (before.NextInChain != entry)
            {
                before = before.NextInChain!;
            }

            before.NextInChain = entry.NextInChain;
        }

        entry.NextInChain = null;
        Count--;
    }

    /// <summary>The entries of a message; a copy, so that the caller may remove them.</summary>
    public List<QueueEntry> Of(QueueId id)
    {
        var found = new List<QueueEntry>();
        for (var entry = ChainOf(id); entry is not null; entry = entry.NextInChain)
        {
            if (entry.Id == id)
            {
                found.Add(entry);
            }
        }

        // The newest comes first in its chain.
        found.Reverse();
        return found;
    }

    private ref QueueEntry? ChainOf(QueueId id) => ref _chains[id.Value & (_chains.Length - 1)];

    private void Link(QueueEntry entry)
    {
        ref var first = ref ChainOf(entry.Id);
        entry.NextInChain = first;
        first = entry;
    }

    private void Grow()
    {
        var old = _chains;
        _chains = new QueueEntry?[2 * old.Length];
        foreach (var first in old)
        {
            for (var entry = first; entry is not null;)
            {
                var next = entry.NextInChain;
                Link(entry);
                entry = next;
            }
        }
    }
}
