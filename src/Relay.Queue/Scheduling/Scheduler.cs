namespace Relay.Queue.Scheduling;

/// <summary>
/// Decides what is done next. Entries wait for their time, then in line at their destination; destinations take turns at
/// their site, sites take turns in the relay, in lanes by what is known of them. All times are timestamps, so a stepping wall clock
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
    private readonly PriorityQueue<QueueEntry, long> _later = new();
    private readonly PriorityQueue<Site, long> _backingOff = new();
    private readonly FairQueue<Site> _rotation;

    // Look-ups have slots of their own: those that time out by the thousand must leave the attempts' free.
    private readonly FairQueue<Destination> _unrouted;
    private readonly Queue<QueueEntry> _overdue = new();
    private int _last;
    private TaskCompletionSource? _idle;

    /// <summary>Makes an empty scheduler.</summary>
    /// <param name="settings">The limits.</param>
    /// <param name="schedule">How long sites rest.</param>
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
        _destinations = new KnownDestinations(settings.MaxPerSite);
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

    /// <summary>Adds an entry of a message that just came; it is due at once.</summary>
    public void AddNew(QueueId id, string destination, long expiry, InMemoryMessage? resident)
    {
        lock (_gate)
        {
            var found = _destinations.Find(destination);
            found.Entries++;
            found.HasNew = true;
            Place(new QueueEntry(id, found, expiry) { InMemory = resident }, TimeSpan.Zero);
        }
    }

    /// <summary>Adds an entry that was queued before, due after a wait; zero for at once.</summary>
    public void Add(QueueId id, string destination, long expiry, int attempts, TimeSpan wait)
    {
        lock (_gate)
        {
            var found = _destinations.Find(destination);
            found.Entries++;
            Place(new QueueEntry(id, found, expiry) { Attempts = attempts }, wait);
        }
    }

    /// <summary>Puts an entry back that an attempt left queued.</summary>
    public void PutBack(QueueEntry entry, TimeSpan wait)
    {
        lock (_gate)
        {
            _underWay.Remove(entry, out var decision);
            switch (decision)
            {
                case Decision.Recalled when _takenOut is { } command && command.Id == entry.Id:
                    command.Ended.Add(entry);
                    break;

                case Decision.Recalled:
                    LetGo(entry);
                    break;

                case Decision.Reinstated:
                    Place(entry, TimeSpan.Zero);
                    break;

                default:
                    Place(entry, wait);
                    break;
            }
        }
    }

    /// <summary>An entry is settled.</summary>
    public void Remove(QueueEntry entry)
    {
        lock (_gate)
        {
            if (_underWay.Remove(entry, out var decision) && decision == Decision.Reinstated)
            {
                Place(entry, TimeSpan.Zero);
                return;
            }

            entry.Destination.Entries--;
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

            if (_last < _maxPerSite && _rotation.HasSlot(ServiceClass.Suspect) && _overdue.TryDequeue(out var overdue))
            {
                _last++;
                _rotation.Occupy(ServiceClass.Suspect);
                _underWay.Add(overdue, Decision.None);
                turn = new WorkItem.Last(overdue) { ServiceClass = ServiceClass.Suspect };
                return true;
            }

            return TryTakeAttempt(out turn);
        }
    }

    /// <summary>A turn is over, with all that it had to write.</summary>
    public void FinishTurn(WorkItem turn)
    {
        lock (_gate)
        {
            if (turn is WorkItem.Route)
            {
                _unrouted.Leave(turn.ServiceClass);
            }
            else
            {
                _rotation.Leave(turn.ServiceClass);
            }

            if (IsIdle)
            {
                _idle?.TrySetResult();
            }
        }
    }

    /// <summary>A look-up is done.</summary>
    public void SetRoute(Destination destination, string siteKey)
    {
        lock (_gate)
        {
            var site = _destinations.FindSite(siteKey);
            destination.IsRouting = false;
            destination.RoutedUntil = _clock.GetTimestamp() + ToTimestamps(RouteLifetime);
            if (destination.Site != site)
            {
                destination.Site?.Leave(destination);
                destination.Site = site;
            }

            if (destination.HasReady)
            {
                JoinSite(destination, site);
            }
        }
    }

    /// <summary>An attempt is done with its site, though not yet written.</summary>
    public void FinishAtSite(WorkItem.Attempt attempt, SiteHealth health)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            var site = attempt.Site;
            if (site.Finish(health, attempt.Started, now, failures => ToTimestamps(_schedule.BackoffAfter(failures))))
            {
                TakeOverdue(site, now);
            }

            Rotate(site);
        }
    }

    /// <summary>A last attempt at a resting site is made.</summary>
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

    private bool IsIdle => _rotation.Occupied == 0 && _unrouted.Occupied == 0;

    private void Place(QueueEntry entry, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            var due = _clock.GetTimestamp() + ToTimestamps(wait);
            _later.Enqueue(entry, due);
            _timer.RingAt(due);
            return;
        }

        var destination = entry.Destination;
        destination.Append(entry);
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

    private void JoinSite(Destination destination, Site site)
    {
        site.Join(destination);
        site.HasNew |= destination.HasNew;
        destination.HasNew = false;
        Rotate(site);
    }

    // A rest is waited for only while the site has ready mail: there may be a million sites that have none.
    private void Rotate(Site site)
    {
        var now = _clock.GetTimestamp();
        if (site.IsRunnable(now))
        {
            _rotation.Enqueue(site, site.ServiceClass);
        }
        else if (site.HasReady && site.BackoffUntil > now && !site.IsAwaited)
        {
            site.IsAwaited = true;
            _backingOff.Enqueue(site, site.BackoffUntil);
            _timer.RingAt(site.BackoffUntil);
        }
    }

    private bool TryTakeAttempt(out WorkItem turn)
    {
        var now = _clock.GetTimestamp();
        while (_rotation.TryDequeue(ServiceClass.Suspect, out var site, out var serviceClass))
        {
            if (site.IsRunnable(now) && site.Take() is { } entry)
            {
                _rotation.Occupy(serviceClass);
                Rotate(site);
                _underWay.Add(entry, Decision.None);
                turn = new WorkItem.Attempt(entry, site, now, IsFinal: entry.Expiry <= now) { ServiceClass = serviceClass };
                return true;
            }
        }

        turn = null!;
        return false;
    }

    // One attempt after each rest would keep a backlog far beyond its time.
    private void TakeOverdue(Site site, long now)
    {
        foreach (var destination in site.Ready.Where(destination => destination.EarliestExpiry <= now))
        {
            foreach (var entry in destination.TakeOverdue(now))
            {
                _overdue.Enqueue(entry);
            }
        }
    }

    private void OnTimer()
    {
        while (TakeDue())
        {
            _wake();
        }

        _wake();
    }

    /// <summary>Makes ready what is due; true when there is more than one batch of it.</summary>
    private bool TakeDue()
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            _timer.Reset();
            for (var taken = 0; _backingOff.TryPeek(out var site, out var until) && until <= now; taken++)
            {
                if (taken == MaxBatch)
                {
                    return true;
                }

                _backingOff.Dequeue();
                site.IsAwaited = false;
                Rotate(site);
            }

            for (var taken = 0; _later.TryPeek(out var entry, out var due) && due <= now; taken++)
            {
                if (taken == MaxBatch)
                {
                    return true;
                }

                _later.Dequeue();
                Place(entry, TimeSpan.Zero);
            }

            var nextBackoff = _backingOff.TryPeek(out _, out var rest) ? rest : long.MaxValue;
            var nextEntry = _later.TryPeek(out _, out var next) ? next : long.MaxValue;
            _timer.RingAt(Math.Min(nextBackoff, nextEntry));
            return false;
        }
    }
}
