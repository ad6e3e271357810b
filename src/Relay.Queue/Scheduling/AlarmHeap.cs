using System.Diagnostics.CodeAnalysis;

namespace Relay.Queue.Scheduling;

/// <summary>
/// The entries that something is to be done with at a time, the earliest first. Unlike the framework's priority queue it knows where each
/// stands, so that one is taken out without a look at the others. Guarded by the scheduler's lock.
/// </summary>
/// <param name="timeOf">The timestamp of an entry; does not change while it is here.</param>
internal sealed class AlarmHeap(Func<QueueEntry, long> timeOf)
{
    // Flatter than two: fewer steps, each within what the processor reads at once.
    private const int Children = 4;

    private readonly List<QueueEntry> _entries = [];

    /// <summary>Adds an entry that is not here.</summary>
    public void Add(QueueEntry entry)
    {
        _entries.Add(entry);
        MoveUp(entry, _entries.Count - 1);
    }

    /// <summary>Takes an entry out, if it is here.</summary>
    public void Remove(QueueEntry entry)
    {
        var hole = entry.AlarmIndex;
        if (hole < 0)
        {
            return;
        }

        entry.AlarmIndex = -1;
        var last = _entries[^1];
        _entries.RemoveAt(_entries.Count - 1);
        if (last != entry)
        {
            MoveDown(last, hole);
            MoveUp(last, last.AlarmIndex);
        }
    }

    /// <summary>The earliest; false when there is none.</summary>
    public bool TryPeek([MaybeNullWhen(false)] out QueueEntry entry, out long time)
    {
        (entry, time) = _entries.Count == 0 ? (null, 0) : (_entries[0], timeOf(_entries[0]));
        return entry is not null;
    }

    /// <summary>All of them as they are now.</summary>
    public QueueEntry[] ToArray() => [.. _entries];

    private void MoveUp(QueueEntry entry, int index)
    {
        var time = timeOf(entry);
        while (index > 0)
        {
            var parent = (index - 1) / Children;
            if (timeOf(_entries[parent]) <= time)
            {
                break;
            }

            Put(_entries[parent], index);
            index = parent;
        }

        Put(entry, index);
    }

    private void MoveDown(QueueEntry entry, int index)
    {
        var time = timeOf(entry);
        for (var first = (index * Children) + 1; first < _entries.Count; first = (index * Children) + 1)
        {
            var (least, leastTime) = (first, timeOf(_entries[first]));
            for (var other = first + 1; other < Math.Min(first + Children, _entries.Count); other++)
            {
                if (timeOf(_entries[other]) is var otherTime && otherTime < leastTime)
                {
                    (least, leastTime) = (other, otherTime);
                }
            }

            if (leastTime >= time)
            {
                break;
            }

            Put(_entries[least], index);
            index = least;
        }

        Put(entry, index);
    }

    private void Put(QueueEntry entry, int index)
    {
        _entries[index] = entry;
        entry.AlarmIndex = index;
    }
}
