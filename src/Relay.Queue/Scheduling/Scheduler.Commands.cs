namespace Relay.Queue.Scheduling;

/// <summary>
/// What the commands of operators need. They look through everything, which a million entries bear for a command; nothing is kept
/// for them but which entries are under way.
/// </summary>
internal sealed partial class Scheduler
{
    // An entry that is given out stands in no line.
    private readonly Dictionary<QueueEntry, Decision> _underWay = [];

    // What came back while a command that may yet fail has its message taken out; commands take turns.
    private (QueueId Id, List<QueueEntry> Ended)? _takenOut;

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

    /// <summary>How much longer a destination's site is left alone; zero when it is not.</summary>
    public TimeSpan RestOf(string destination)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            return _destinations.SiteOf(destination) is { } site && site.BackoffUntil > now
                ? _clock.GetElapsedTime(now, site.BackoffUntil)
                : TimeSpan.Zero;
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
                    EndBackoff(destination);
                }
            }

            foreach (var entry in TakeWaiting(matches))
            {
                found++;
                EndBackoff(entry.Destination);
                Place(entry, TimeSpan.Zero);
            }

            return found;
        }
    }

    /// <summary>
    /// Takes out every entry of a message and returns them; one that is under way ends without being put back. Ends with
    /// <see cref="Forget"/> or <see cref="Return"/>.
    /// </summary>
    public IReadOnlyList<QueueEntry> TakeOut(QueueId id)
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

            foreach (var entry in UnderWayOf(id))
            {
                _underWay[entry] = Decision.Recalled;
            }

            _takenOut = (id, []);
            return taken;
        }
    }

    /// <summary>The command has succeeded: these entries are gone, and those that came back meanwhile.</summary>
    public void Forget(IReadOnlyList<QueueEntry> takenOut)
    {
        lock (_gate)
        {
            foreach (var entry in takenOut.Concat(EndedMeanwhile()))
            {
                LetGo(entry);
            }
        }
    }

    /// <summary>The command has failed: these entries stand in line again, those that came back meanwhile too, and those under way will.</summary>
    public void Return(QueueId id, IReadOnlyList<QueueEntry> takenOut)
    {
        lock (_gate)
        {
            foreach (var entry in UnderWayOf(id))
            {
                _underWay[entry] = Decision.Reinstated;
            }

            foreach (var entry in takenOut.Concat(EndedMeanwhile()))
            {
                Place(entry, TimeSpan.Zero);
            }
        }
    }

    /// <summary>
    /// Sees to it that what the store now has for a message is tried at once: with an entry that waits, after the attempt under way,
    /// which may have begun without it, or with a new entry. Never a second one for a destination: that would deliver twice.
    /// </summary>
    /// <param name="id">The message.</param>
    /// <param name="schedules">Its destinations, each with the end of its time and how many attempts there were.</param>
    public void Reinstate(QueueId id, IReadOnlyDictionary<string, (long Expiry, int Attempts)> schedules)
    {
        lock (_gate)
        {
            var found = new HashSet<string>(StringComparer.Ordinal);
            Expedite(entry =>
            {
                var matches = entry.Id == id && schedules.ContainsKey(entry.Destination.Name);
                if (matches)
                {
                    found.Add(entry.Destination.Name);
                }

                return matches;
            });
            foreach (var entry in UnderWayOf(id).Where(entry => schedules.ContainsKey(entry.Destination.Name)))
            {
                _underWay[entry] = Decision.Reinstated;
            }

            foreach (var (name, schedule) in schedules.Where(schedule => !found.Contains(schedule.Key)))
            {
                Add(id, name, schedule.Expiry, schedule.Attempts, TimeSpan.Zero);
            }
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
        entry.InMemory?.Release();
        entry.InMemory = null;
    }

    private List<QueueEntry> EndedMeanwhile()
    {
        var ended = _takenOut?.Ended ?? [];
        _takenOut = null;
        return ended;
    }

    private QueueEntry[] UnderWayOf(QueueId id) => [.. _underWay.Keys.Where(entry => entry.Id == id)];

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

    private void EndBackoff(Destination destination)
    {
        if (destination.Site is { } site)
        {
            site.EndBackoff();
            Rotate(site);
        }
    }

    /// <summary>What a command has decided of an entry that is under way.</summary>
    private enum Decision
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>It is not to be put back when it returns.</summary>
        Recalled,

        /// <summary>It is tried again at once when it returns.</summary>
        Reinstated,
    }
}
