namespace Relay.Queue.Scheduling.Sites;

/// <summary>
/// A destination domain and its ready entries, first come first served. Guarded by the scheduler's lock.
/// </summary>
internal sealed class Destination(string name) : IFairQueueMember
{
    private QueueEntry? _last;

    /// <summary>The routing key: the domain in lower-case A-labels, or an address literal.</summary>
    public string Name { get; } = name;

    /// <summary>The first ready entry; null when none is ready.</summary>
    public QueueEntry? First { get; private set; }

    /// <summary>An entry is ready.</summary>
    public bool HasReady => First is not null;

    /// <summary>The site that serves it; null until routed.</summary>
    public Site? Site { get; set; }

    /// <summary>The timestamp from which on the route is looked up again.</summary>
    public long RoutedUntil { get; set; }

    /// <summary>Its place in the line for look-ups.</summary>
    public FairQueuePlace Place { get; set; }

    /// <summary>The route is being looked up.</summary>
    public bool IsRouting { get; set; }

    /// <summary>Mail has come for it that its site does not know of yet.</summary>
    public bool HasNew { get; set; }

    /// <summary>The destination stands in its site's rotation.</summary>
    public bool IsInRotation { get; set; }

    /// <summary>The next in its site's rotation.</summary>
    public Destination? NextAtSite { get; set; }

    /// <summary>No ready entry's time ends before this timestamp.</summary>
    public long EarliestExpiry { get; private set; }

    /// <summary>How many entries there are, ready, waiting or under way.</summary>
    public int Entries { get; set; }

    /// <summary>Puts an entry at the end of the line.</summary>
    public void Append(QueueEntry entry)
    {
        Admit(entry);
        entry.Previous = _last;
        if (_last is null)
        {
            First = entry;
        }
        else
        {
            _last.Next = entry;
        }

        _last = entry;
    }

    /// <summary>Puts an entry back to the head of the line.</summary>
    public void Prepend(QueueEntry entry)
    {
        Admit(entry);
        entry.Next = First;
        if (First is null)
        {
            _last = entry;
        }
        else
        {
            First.Previous = entry;
        }

        First = entry;
    }

    /// <summary>Takes the first entry; there must be one.</summary>
    public QueueEntry Take()
    {
        var entry = First!;
        Remove(entry);
        return entry;
    }

    /// <summary>Takes an entry out of the line, in which it must stand.</summary>
    public void Remove(QueueEntry entry)
    {
        if (entry.Previous is { } previous)
        {
            previous.Next = entry.Next;
        }
        else
        {
            First = entry.Next;
        }

        if (entry.Next is { } next)
        {
            next.Previous = entry.Previous;
        }
        else
        {
            _last = entry.Previous;
        }

        (entry.Previous, entry.Next) = (null, null);
    }

    /// <summary>Takes every ready entry whose time has ended.</summary>
    public List<QueueEntry> TakeOverdue(long now)
    {
        var taken = new List<QueueEntry>();
        var earliest = long.MaxValue;
        for (var entry = First; entry is not null;)
        {
            var next = entry.Next;
            if (entry.Expiry <= now)
            {
                Remove(entry);
                taken.Add(entry);
            }
            else
            {
                earliest = Math.Min(earliest, entry.Expiry);
            }

            entry = next;
        }

        EarliestExpiry = earliest;
        return taken;
    }

    private void Admit(QueueEntry entry) =>
        EarliestExpiry = First is null ? entry.Expiry : Math.Min(EarliestExpiry, entry.Expiry);
}
