namespace Relay.Queue.Scheduling;

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
        if (First is null)
        {
            First = entry;
            EarliestExpiry = entry.Expiry;
        }
        else
        {
            _last!.Next = entry;
            EarliestExpiry = Math.Min(EarliestExpiry, entry.Expiry);
        }

        _last = entry;
    }

    /// <summary>Takes the first entry; there must be one.</summary>
    public QueueEntry Take()
    {
        var entry = First!;
        First = entry.Next;
        entry.Next = null;
        return entry;
    }

    /// <summary>Takes every ready entry whose time has ended.</summary>
    public List<QueueEntry> TakeOverdue(long now) => TakeAll(entry => entry.Expiry <= now);

    /// <summary>Takes every ready entry that matches.</summary>
    public List<QueueEntry> TakeAll(Predicate<QueueEntry> matches)
    {
        var taken = new List<QueueEntry>();
        var entry = First;
        First = null;
        while (entry is not null)
        {
            var next = entry.Next;
            entry.Next = null;
            if (matches(entry))
            {
                taken.Add(entry);
            }
            else
            {
                Append(entry);
            }

            entry = next;
        }

        return taken;
    }
}
