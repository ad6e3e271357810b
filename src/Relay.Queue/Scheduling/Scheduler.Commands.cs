using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Scheduling;

/// <summary>
/// What the commands of operators need. None looks through the queue while it keeps sessions from the lock: a message's entries
/// are found by its id, and what many entries need is done in batches.
/// </summary>
internal sealed partial class Scheduler
{
    // What came back while a command that may yet fail has its message taken out; commands take turns.
    private (QueueId Id, List<QueueEntry> Ended)? _takenOut;

    /// <summary>How many entries are given out.</summary>
    public int UnderWay
    {
        get
        {
            lock (_gate)
            {
                return _underWay;
            }
        }
    }

    /// <summary>How much longer a destination's site is left alone; zero when it is not.</summary>
    public TimeSpan BackoffOf(string destination)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            return _destinations.SiteOf(destination) is { } site && site.BackoffUntil > now
                ? _clock.GetElapsedTime(now, site.BackoffUntil)
                : TimeSpan.Zero;
        }
    }

    /// <summary>Makes everything that waits due now, and ends the rest of all sites. Returns how many entries there are.</summary>
    public int Expedite()
    {
        Site[] sites;
        int found;
        lock (_gate)
        {
            found = _messages.Count;
            sites = _destinations.ListSites();
        }

        InBatches(sites, site =>
        {
            if (site.HasReady)
            {
                EndBackoff(site);
            }
        });
        ExpediteWaiting(_ => true);
        return found;
    }

    /// <summary>
    /// Makes what waits for a destination due now, and ends the rest of its site. Returns how many entries it has, those under way
    /// included.
    /// </summary>
    public int Expedite(string destination)
    {
        Destination? known;
        int found;
        lock (_gate)
        {
            if (!_destinations.TryFind(destination, out known) || known.Entries == 0)
            {
                return 0;
            }

            found = known.Entries;
            if (known.HasReady)
            {
                EndBackoff(known.Site);
            }
        }

        ExpediteWaiting(entry => entry.Destination == known);
        return found;
    }

    /// <summary>
    /// Makes what waits of a message due now, and ends the rest of its sites: at one destination, or at all. Returns how many entries
    /// it has there, those under way included.
    /// </summary>
    public int Expedite(QueueId id, string? destination)
    {
        lock (_gate)
        {
            var entries = _messages.Of(id).FindAll(
                entry => entry.Place != EntryPlace.Nowhere && (destination is null || entry.Destination.Name == destination));
            entries.ForEach(Expedite);
            return entries.Count;
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
            var taken = new List<QueueEntry>();
            foreach (var entry in _messages.Of(id))
            {
                if (entry.Place == EntryPlace.UnderWay)
                {
                    entry.Decision = EntryDecision.Recalled;
                    continue;
                }

                if (entry.Place == EntryPlace.Ready)
                {
                    entry.Destination.Remove(entry);
                }

                _alarms.Remove(entry);
                entry.Place = EntryPlace.Nowhere;
                taken.Add(entry);
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
            foreach (var entry in _messages.Of(id).Where(entry => entry.Place == EntryPlace.UnderWay))
            {
                entry.Decision = EntryDecision.Reinstated;
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
    /// <param name="schedules">Its destinations, and what is known of each.</param>
    public void Reinstate(QueueId id, IReadOnlyDictionary<string, EntrySchedule> schedules)
    {
        lock (_gate)
        {
            var found = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in _messages.Of(id).Where(entry => schedules.ContainsKey(entry.Destination.Name)))
            {
                found.Add(entry.Destination.Name);
                if (entry.Place == EntryPlace.UnderWay)
                {
                    entry.Decision = EntryDecision.Reinstated;
                }
                else
                {
                    Expedite(entry);
                }
            }

            foreach (var (name, schedule) in schedules.Where(schedule => !found.Contains(schedule.Key)))
            {
                Add(id, name, schedule);
            }
        }
    }

    private void Expedite(QueueEntry entry)
    {
        if (entry.Place is EntryPlace.Waiting or EntryPlace.Ready)
        {
            EndBackoff(entry.Destination.Site);
        }

        if (entry.Place == EntryPlace.Waiting)
        {
            _alarms.Remove(entry);
            Place(entry, TimeSpan.Zero);
        }
    }

    // The references are copied under the lock, which a million of them bear; what matches is found without it.
    private void ExpediteWaiting(Predicate<QueueEntry> matches)
    {
        QueueEntry[] entries;
        lock (_gate)
        {
            entries = _alarms.ToArray();
        }

        InBatches(Array.FindAll(entries, matches), entry =>
        {
            if (entry.Place == EntryPlace.Waiting)
            {
                Expedite(entry);
            }
        });
    }

    private void InBatches<T>(T[] all, Action<T> action)
    {
        for (var first = 0; first < all.Length; first += MaxBatch)
        {
            lock (_gate)
            {
                for (var index = first; index < Math.Min(first + MaxBatch, all.Length); index++)
                {
                    action(all[index]);
                }
            }
        }
    }

    // What a command decided of an entry that comes back; true when there is no more to do with it.
    private bool EndsByDecision(QueueEntry entry)
    {
        switch (ComeBack(entry))
        {
            case EntryDecision.Recalled when _takenOut is { } command && command.Id == entry.Id:
                command.Ended.Add(entry);
                return true;

            case EntryDecision.Recalled:
                LetGo(entry);
                return true;

            case EntryDecision.Reinstated:
                Place(entry, TimeSpan.Zero);
                return true;

            default:
                return false;
        }
    }

    private void LetGo(QueueEntry entry)
    {
        Discharge(entry);
        entry.InMemory?.Release();
        entry.InMemory = null;
    }

    private List<QueueEntry> EndedMeanwhile()
    {
        var ended = _takenOut?.Ended ?? [];
        _takenOut = null;
        return ended;
    }

    private void EndBackoff(Site? site)
    {
        if (site is not null)
        {
            site.EndBackoff();
            Rotate(site);
        }
    }
}
