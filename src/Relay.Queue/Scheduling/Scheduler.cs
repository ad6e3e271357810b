using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Scheduling;

/// <summary>
/// Decides what is done next. Entries wait for their time, then in line at their destination; destinations take turns at
/// their site, sites take turns in the relay, in classes by what is known of them. All times are timestamps, so a stepping wall clock
/// changes nothing.
/// </summary>
internal sealed partial class Scheduler : IDisposable
{
    // How many entries become ready in one go. A whole backlog that is due at once must not keep sessions from the lock.
    private const int MaxBatch = 1_000;

    // Sites are looked up only as far as their turn may come soon: of a million destinations that all failed each may have its own.
    private const int MaxSuspectSites = 100_000;
    private static readonly TimeSpan RouteLifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly RetrySchedule _schedule;
    private readonly int _maxPerSite;
    private readonly Action _wake;
    private readonly WakeTimer _timer;
    private readonly KnownDestinations _destinations;
    private readonly MessageIndex _messages = new();

    // Entries that wait, and those in line whose sender is to be told when they are still there.
    private readonly AlarmHeap _alarms;
    private readonly PriorityQueue<Site, long> _backingOff = new();
    private readonly FairQueue<Site> _rotation;

    // Look-ups have slots of their own: those that time out by the thousand must leave the attempts' free.
    private readonly FairQueue<Destination> _unrouted;
    private readonly Queue<QueueEntry> _overdue = new();
    private int _last;
    private int _underWay;
    private TaskCompletionSource? _idle;

    /// <summary>Makes an empty scheduler.</summary>
    /// <param name="settings">The limits.</param>
    /// <param name="schedule">How long sites back off.</param>
    /// <param name="clock">The time.</param>
    /// <param name="wake">Called, outside the lock, when time has made something ready.</param>
    public Scheduler(QueueSettings settings, RetrySchedule schedule, TimeProvider clock, Action wake)
    {
        _clock = clock;
        _schedule = schedule;
        _maxPerSite = settings.MaxPerSite;
        _rotation = new FairQueue<Site>(settings.MaxConcurrency);
        _unrouted = new FairQueue<Destination>(settings.MaxConcurrency);
        _wake = wake;
        _timer = new WakeTimer(clock, OnTimer);
        _alarms = new AlarmHeap(AlarmOf);
        _destinations = new KnownDestinations(settings.MaxPerSite);
    }

    /// <summary>How many entries there are.</summary>
    public int Entries
    {
        get
        {
            lock (_gate)
            {
                return _messages.Count;
            }
        }
    }

    /// <summary>How many destinations are known.</summary>
    public int Destinations
    {
        get
        {
            lock (_gate)
            {
                return _destinations.Count;
            }
        }
    }

    /// <summary>Has whoever takes look whether something is ready. Not from within the lock.</summary>
    public void Wake() => _wake();

    /// <summary>How long an entry waits for its next attempt after so many.</summary>
    public TimeSpan WaitAfter(int attempts) => _schedule.After(attempts);

    /// <summary>Adds an entry of a message that just came; it is due at once.</summary>
    /// <param name="id">The message.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="expiry">The timestamp at which its time in the queue ends.</param>
    /// <param name="message">The message, while it is in memory.</param>
    /// <param name="isNeverWarned">Nobody is told that it waits.</param>
    public void AddNew(QueueId id, string destination, long expiry, InMemoryMessage? message, bool isNeverWarned = false)
    {
        lock (_gate)
        {
            var found = _destinations.Find(destination);
            found.HasNew = true;
            Admit(new QueueEntry(id, found, expiry) { InMemory = message }, isNeverWarned, TimeSpan.Zero);
        }
    }

    /// <summary>Adds an entry that was queued before.</summary>
    public void Add(QueueId id, string destination, EntrySchedule schedule)
    {
        lock (_gate)
        {
            var entry = new QueueEntry(id, _destinations.Find(destination), schedule.Expiry) { Attempts = schedule.Attempts };
            Admit(entry, schedule.IsWarned, schedule.Wait);
        }
    }

    /// <summary>Puts an entry back that an attempt left queued.</summary>
    public void PutBack(QueueEntry entry, TimeSpan wait)
    {
        lock (_gate)
        {
            if (entry.Warning == DelayWarningState.Due)
            {
                // It came due during an attempt that told nothing.
                _late.Enqueue(entry);
            }

            if (!EndsByDecision(entry))
            {
                Place(entry, wait);
            }
        }
    }

    /// <summary>An entry is settled.</summary>
    public void Remove(QueueEntry entry)
    {
        lock (_gate)
        {
            if (ComeBack(entry) == EntryDecision.Reinstated)
            {
                Place(entry, TimeSpan.Zero);
                return;
            }

            Discharge(entry);
        }
    }

    /// <summary>The next thing to do; false when nothing can start now. Each turn ends with <see cref="FinishTurn"/>.</summary>
    public bool TryTake(out WorkItem turn)
    {
        lock (_gate)
        {
            turn = null!;
            if (_idle is not null)
            {
                return false;
            }

            var least = _rotation.Waiting(ServiceClass.Suspect) < MaxSuspectSites ? ServiceClass.Suspect : ServiceClass.New;
            if (_unrouted.TryDequeue(least, out var destination, out var serviceClass))
            {
                _unrouted.Occupy(serviceClass);
                destination.IsRouting = true;
                turn = new WorkItem.Route(destination) { ServiceClass = serviceClass };
                return true;
            }

            return TryTakeLast(out turn) || TryTakeAttempt(out turn) || TryTakeWarning(out turn);
        }
    }

    /// <summary>A turn is over, with all that it had to write.</summary>
    public void FinishTurn(WorkItem turn)
    {
        lock (_gate)
        {
            switch (turn)
            {
                case WorkItem.Route:
                    _unrouted.Leave(turn.ServiceClass);
                    break;

                case WorkItem.Warning:
                    _warnings--;
                    break;

                default:
                    _rotation.Leave(turn.ServiceClass);
                    RingForNext();
                    break;
            }

            if (IsIdle)
            {
                _idle?.TrySetResult();
            }
        }
    }

    /// <summary>A last attempt at a site that backs off is made.</summary>
    public void FinishLast()
    {
        lock (_gate)
        {
            _last--;
        }
    }

    /// <summary>Starts nothing more; completes when nothing is under way.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (IsIdle)
            {
                _idle.TrySetResult();
            }

            return _idle.Task;
        }
    }

    /// <summary>A span in units of the clock's timestamps.</summary>
    public long ToTimestamps(TimeSpan span) => (long)(span.TotalSeconds * _clock.TimestampFrequency);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private bool IsIdle => _rotation.Occupied == 0 && _unrouted.Occupied == 0 && _warnings == 0;

    private void Admit(QueueEntry entry, bool isWarned, TimeSpan wait)
    {
        entry.Warning = isWarned ? DelayWarningState.Done : DelayWarningState.NotYet;
        entry.Destination.Entries++;
        _messages.Add(entry);
        Place(entry, wait);
    }

    private void Place(QueueEntry entry, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            PlaceWaiting(entry, _clock.GetTimestamp() + ToTimestamps(wait));
            return;
        }

        entry.Destination.Append(entry);
        NoteReady(entry);
    }

    private void NoteReady(QueueEntry entry)
    {
        entry.Place = EntryPlace.Ready;
        if (AlarmOf(entry) != long.MaxValue)
        {
            // The timer is set for it when an attempt has ended: most new mail is gone by then.
            _alarms.Add(entry);
        }

        var destination = entry.Destination;
        if (!destination.IsRouting && (destination.Site is null || destination.RoutedUntil <= _clock.GetTimestamp()))
        {
            var serviceClass = destination.Site is { IsHealthy: true } ? ServiceClass.Healthy : destination.HasNew ? ServiceClass.New : ServiceClass.Suspect;
            _unrouted.Enqueue(destination, serviceClass);
        }

        if (destination.Site is { } site)
        {
            JoinSite(destination, site);
        }
    }

    private bool TryTakeLast(out WorkItem turn)
    {
        while (_last < _maxPerSite && _rotation.HasSlot(ServiceClass.Suspect) && _overdue.TryDequeue(out var entry))
        {
            // A command may have taken it out since.
            if (entry.Place == EntryPlace.Overdue)
            {
                _last++;
                _rotation.Occupy(ServiceClass.Suspect);
                GiveOut(entry);
                turn = new WorkItem.Last(entry) { ServiceClass = ServiceClass.Suspect };
                return true;
            }
        }

        turn = null!;
        return false;
    }

    private void GiveOut(QueueEntry entry)
    {
        _alarms.Remove(entry);
        entry.Place = EntryPlace.UnderWay;
        _underWay++;
    }

    private EntryDecision ComeBack(QueueEntry entry)
    {
        var decision = entry.Decision;
        (entry.Place, entry.Decision) = (EntryPlace.Nowhere, EntryDecision.None);
        _underWay--;
        return decision;
    }

    private void Discharge(QueueEntry entry)
    {
        entry.Place = EntryPlace.Nowhere;
        entry.Destination.Entries--;
        _messages.Remove(entry);
    }
}
