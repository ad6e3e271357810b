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
    private const int MaxTrialSites = 100_000;
    private static readonly TimeSpan RouteLifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly RetrySchedule _schedule;
    private readonly int _maxPerSite;
    private readonly Action _wake;
    private readonly WakeTimer _timer;
    private readonly KnownDestinations _destinations;
    private readonly PriorityQueue<QueueEntry, long> _later = new();
    private readonly PriorityQueue<Site, long> _resting = new();
    private readonly Lanes<Site> _rotation;

    // Look-ups have slots of their own: those that time out by the thousand must leave the attempts' free.
    private readonly Lanes<Destination> _unrouted;
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
        _rotation = new Lanes<Site>(settings.MaxConcurrency);
        _unrouted = new Lanes<Destination>(settings.MaxConcurrency);
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
    public void AddFresh(QueueId id, string destination, long expiry, ResidentMessage? resident)
    {
        lock (_gate)
        {
            var home = _destinations.Find(destination);
            home.Entries++;
            home.HasFresh = true;
            Place(new QueueEntry(id, home, expiry) { Resident = resident }, TimeSpan.Zero);
        }
    }

    /// <summary>Adds an entry that was queued before, due after a wait; zero for at once.</summary>
    public void Add(QueueId id, string destination, long expiry, int attempts, TimeSpan wait)
    {
        lock (_gate)
        {
            var home = _destinations.Find(destination);
            home.Entries++;
            Place(new QueueEntry(id, home, expiry) { Attempts = attempts }, wait);
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
    public bool TryTake(out Turn turn)
    {
        lock (_gate)
        {
            turn = null!;
            if (_idle is not null)
            {
                return false;
            }

            var least = _rotation.Waiting(Lane.Trial) < MaxTrialSites ? Lane.Trial : Lane.Fresh;
            if (_unrouted.TryDequeue(least, out var destination, out var lane))
            {
                _unrouted.Occupy(lane);
                destination.IsRouting = true;
                turn = new Turn.Route(destination) { Lane = lane };
                return true;
            }

            if (_last < _maxPerSite && _rotation.HasSlot(Lane.Trial) && _overdue.TryDequeue(out var overdue))
            {
                _last++;
                _rotation.Occupy(Lane.Trial);
                _underWay.Add(overdue, Decision.None);
                turn = new Turn.Last(overdue) { Lane = Lane.Trial };
                return true;
            }

            return TryTakeAttempt(out turn);
        }
    }

    /// <summary>A turn is over, with all that it had to write.</summary>
    public void FinishTurn(Turn turn)
    {
        lock (_gate)
        {
            if (turn is Turn.Route)
            {
                _unrouted.Leave(turn.Lane);
            }
            else
            {
                _rotation.Leave(turn.Lane);
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
    public void FinishAtSite(Turn.Attempt attempt, SiteHealth health)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            var site = attempt.Site;
            if (site.Finish(health, attempt.Started, now, failures => ToTimestamps(_schedule.RestAfter(failures))))
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
            var lane = destination.Site is { IsProven: true } ? Lane.Proven : destination.HasFresh ? Lane.Fresh : Lane.Trial;
            _unrouted.Enqueue(destination, lane);
        }

        if (destination.Site is { } site)
        {
            JoinSite(destination, site);
        }
    }

    private void JoinSite(Destination destination, Site site)
    {
        site.Join(destination);
        site.HasFresh |= destination.HasFresh;
        destination.HasFresh = false;
        Rotate(site);
    }

    // A rest is waited for only while the site has ready mail: there may be a million sites that have none.
    private void Rotate(Site site)
    {
        var now = _clock.GetTimestamp();
        if (site.IsRunnable(now))
        {
            _rotation.Enqueue(site, site.Lane);
        }
        else if (site.HasReady && site.RestsUntil > now && !site.IsAwaited)
        {
            site.IsAwaited = true;
            _resting.Enqueue(site, site.RestsUntil);
            _timer.RingAt(site.RestsUntil);
        }
    }

    private bool TryTakeAttempt(out Turn turn)
    {
        var now = _clock.GetTimestamp();
        while (_rotation.TryDequeue(Lane.Trial, out var site, out var lane))
        {
            if (site.IsRunnable(now) && site.Take() is { } entry)
            {
                _rotation.Occupy(lane);
                Rotate(site);
                _underWay.Add(entry, Decision.None);
                turn = new Turn.Attempt(entry, site, now, IsFinal: entry.Expiry <= now) { Lane = lane };
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
            for (var taken = 0; _resting.TryPeek(out var site, out var until) && until <= now; taken++)
            {
                if (taken == MaxBatch)
                {
                    return true;
                }

                _resting.Dequeue();
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

            var nextRest = _resting.TryPeek(out _, out var rest) ? rest : long.MaxValue;
            var nextEntry = _later.TryPeek(out _, out var next) ? next : long.MaxValue;
            _timer.RingAt(Math.Min(nextRest, nextEntry));
            return false;
        }
    }
}
