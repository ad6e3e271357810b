namespace Relay.Queue.Scheduling;

/// <summary>
/// What the commands of operators need. They look through everything, which a million entries bear for a command; nothing is kept
/// for them but which entries are under way.
/// </summary>
internal sealed partial class Scheduler
{
    // An entry that is given out stands in no line; true for one that is not to be put back when it returns.
    private readonly Dictionary<QueueEntry, bool> _underWay = [];

    /// <summary>How many entries are given out.</summary>
    public int UnderWay
    {
        get
        {
            lock (_gate)
            {
                return _underWay.Count;
            }
        }
    }

    /// <summary>
    /// Makes what matches and waits due now, and ends the rest of its sites. Returns how many entries match, those under way
    /// included.
    /// </summary>
    public int Expedite(Predicate<QueueEntry> matches)
    {
        lock (_gate)
        {
            var found = _underWay.Keys.Count(entry => matches(entry)) + _overdue.Count(entry => matches(entry));
            foreach (var destination in _destinations.Values)
            {
                var ready = Ready(destination).Count(entry => matches(entry));
                if (ready > 0)
                {
                    found += ready;
                    EndRest(destination);
                }
            }

            foreach (var entry in TakeWaiting(matches))
            {
                found++;
                EndRest(entry.Destination);
                Place(entry, TimeSpan.Zero);
            }

            return found;
        }
    }

    /// <summary>
    /// Takes out every entry of a message and returns them; one that is under way ends without being put back.
    /// </summary>
    public IReadOnlyList<QueueEntry> Recall(QueueId id)
    {
        lock (_gate)
        {
            var taken = TakeWaiting(entry => entry.Id == id);
            foreach (var destination in _destinations.Values)
            {
                if (Ready(destination).Any(entry => entry.Id == id))
                {
                    taken.AddRange(destination.TakeAll(entry => entry.Id == id));
                }
            }

            for (var rest = _overdue.Count; rest > 0; rest--)
            {
                var entry = _overdue.Dequeue();
                if (entry.Id == id)
                {
                    taken.Add(entry);
                }
                else
                {
                    _overdue.Enqueue(entry);
                }
            }

            Mark(id, destination: null, isRecalled: true);
            foreach (var entry in taken)
            {
                entry.Destination.Entries--;
            }

            return taken;
        }
    }

    /// <summary>
    /// Takes a recall back for what is under way to a destination, or to any for null; false when nothing is, and an entry has to
    /// be added.
    /// </summary>
    public bool Reinstate(QueueId id, string? destination)
    {
        lock (_gate)
        {
            return Mark(id, destination, isRecalled: false);
        }
    }

    private static IEnumerable<QueueEntry> Ready(Destination destination)
    {
        for (var entry = destination.First; entry is not null; entry = entry.Next)
        {
            yield return entry;
        }
    }

    private static void LetGo(QueueEntry entry)
    {
        entry.Destination.Entries--;
        entry.Resident?.Release();
        entry.Resident = null;
    }

    private bool Mark(QueueId id, string? destination, bool isRecalled)
    {
        var marked = _underWay.Keys
            .Where(entry => entry.Id == id && (destination is null || entry.Destination.Name == destination))
            .ToArray();
        foreach (var entry in marked)
        {
            _underWay[entry] = isRecalled;
        }

        return marked.Length > 0;
    }

    private List<QueueEntry> TakeWaiting(Predicate<QueueEntry> matches)
    {
        var taken = new List<QueueEntry>();
        var left = new List<(QueueEntry, long)>();
        foreach (var (entry, due) in _later.UnorderedItems)
        {
            if (matches(entry))
            {
                taken.Add(entry);
            }
            else
            {
                left.Add((entry, due));
            }
        }

        if (taken.Count > 0)
        {
            _later.Clear();
            _later.EnqueueRange(left);
        }

        return taken;
    }

    private void EndRest(Destination destination)
    {
        if (destination.Site is { } site)
        {
            site.EndRest();
            Rotate(site);
        }
    }
}
