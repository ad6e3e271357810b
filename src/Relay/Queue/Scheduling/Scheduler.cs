namespace Relay.Queue.Scheduling;

/// <summary>
/// Decides what is done next. Entries wait for their time, then in line at their destination; destinations take turns at
/// their site, sites take turns in the relay. All times are timestamps, so a stepping wall clock changes nothing.
/// </summary>
internal sealed partial class Scheduler : IDisposable
{
    private const int SweepThreshold = 10_000;
    private static readonly TimeSpan RouteLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly RetrySchedule _schedule;
    private readonly int _maxConcurrency;
    private readonly int _maxPerSite;
    private readonly Action _wake;
    private readonly ITimer _timer;
    private readonly Dictionary<string, Destination> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Site> _sites = new(StringComparer.Ordinal);
    private readonly PriorityQueue<QueueEntry, long> _later = new();
    private readonly PriorityQueue<Site, long> _resting = new();
    private readonly Queue<Site> _rotation = new();
    private readonly Queue<Destination> _unrouted = new();
    private readonly Queue<QueueEntry> _overdue = new();
    private long _timerDue = long.MaxValue;
    private int _active;
    private int _routing;
    private int _last;
    private int _sweepAt = SweepThreshold;
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
        _maxConcurrency = settings.MaxConcurrency;
        _maxPerSite = settings.MaxPerSite;
        _wake = wake;
        _timer = clock.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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

    /// <summary>Adds a new entry, due after a wait; zero for at once.</summary>
    public void Add(
        QueueId id, string destination, long expiry, int attempts, TimeSpan wait, ResidentMessage? resident)
    {
        lock (_gate)
        {
            var home = FindDestination(destination);
            home.Entries++;
            Place(new QueueEntry(id, home, expiry) { Attempts = attempts, Resident = resident }, wait);
        }
    }

    /// <summary>Puts an entry back that an attempt left queued.</summary>
    public void PutBack(QueueEntry entry, TimeSpan wait)
    {
        lock (_gate)
        {
            if (_underWay.Remove(entry, out var isRecalled) && isRecalled)
            {
                LetGo(entry);
                return;
            }

            Place(entry, wait);
        }
    }

    /// <summary>An entry is settled.</summary>
    public void Remove(QueueEntry entry)
    {
        lock (_gate)
        {
            _underWay.Remove(entry);
            entry.Destination.Entries--;
        }
    }

    /// <summary>The next thing to do; false when nothing can start now. Each turn ends with <see cref="FinishTurn"/>.</summary>
    public bool TryTake(out Turn turn)
    {
        lock (_gate)
        {
            turn = null!;
            if (_idle is not null || _active >= _maxConcurrency)
            {
                return false;
            }

            // Half of the slots at most: look-ups that time out by the thousand must leave room for mail that can go.
            if (_routing < Math.Max(1, _maxConcurrency / 2) && _unrouted.TryDequeue(out var destination))
            {
                _routing++;
                turn = new Turn.Route(destination);
            }
            else if (_last < _maxPerSite && _overdue.TryDequeue(out var overdue))
            {
                _last++;
                _underWay.Add(overdue, false);
                turn = new Turn.Last(overdue);
            }
            else if (!TryTakeAttempt(out turn))
            {
                return false;
            }

            _active++;
            return true;
        }
    }

    /// <summary>A turn is over, with all that it had to write.</summary>
    public void FinishTurn()
    {
        lock (_gate)
        {
            _active--;
            if (_active == 0)
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
            if (!_sites.TryGetValue(siteKey, out var site))
            {
                site = new Site(siteKey, _maxPerSite);
                _sites.Add(siteKey, site);
            }

            _routing--;
            destination.IsRouting = false;
            destination.RoutedUntil = _clock.GetTimestamp() + ToTimestamps(RouteLifetime);
            if (destination.Site != site)
            {
                destination.Site?.Leave(destination);
                destination.Site = site;
            }

            if (destination.First is not null)
            {
                site.Join(destination);
                Rotate(site);
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
                _resting.Enqueue(site, site.RestsUntil);
                SetTimer(site.RestsUntil);
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
            if (_active == 0)
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

    private Destination FindDestination(string name)
    {
        if (_destinations.TryGetValue(name, out var found))
        {
            return found;
        }

        Sweep();
        found = new Destination(name);
        _destinations.Add(name, found);
        return found;
    }

    // Idle destinations are kept for what was learnt of them, but not without bound.
    private void Sweep()
    {
        if (_destinations.Count < _sweepAt)
        {
            return;
        }

        foreach (var (name, destination) in _destinations)
        {
            if (destination is { Entries: 0, IsRouting: false, IsInRotation: false })
            {
                _destinations.Remove(name);
            }
        }

        var used = _destinations.Values.Select(destination => destination.Site).ToHashSet();
        foreach (var (key, site) in _sites)
        {
            if (site is { Active: 0, IsInRotation: false } && !used.Contains(site))
            {
                _sites.Remove(key);
            }
        }

        _sweepAt = Math.Max(SweepThreshold, 2 * _destinations.Count);
    }

    private void Place(QueueEntry entry, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            var due = _clock.GetTimestamp() + ToTimestamps(wait);
            _later.Enqueue(entry, due);
            SetTimer(due);
            return;
        }

        var destination = entry.Destination;
        destination.Append(entry);
        if (!destination.IsRouting && (destination.Site is null || destination.RoutedUntil <= _clock.GetTimestamp()))
        {
            destination.IsRouting = true;
            _unrouted.Enqueue(destination);
        }

        if (destination.Site is { } site)
        {
            site.Join(destination);
            Rotate(site);
        }
    }

    private void Rotate(Site site)
    {
        if (!site.IsInRotation && site.IsRunnable(_clock.GetTimestamp()))
        {
            site.IsInRotation = true;
            _rotation.Enqueue(site);
        }
    }

    private bool TryTakeAttempt(out Turn turn)
    {
        var now = _clock.GetTimestamp();
        while (_rotation.TryDequeue(out var site))
        {
            site.IsInRotation = false;
            if (site.IsRunnable(now) && site.Take() is { } entry)
            {
                Rotate(site);
                _underWay.Add(entry, false);
                turn = new Turn.Attempt(entry, site, now, IsFinal: entry.Expiry <= now);
                return true;
            }
        }

        turn = null!;
        return false;
    }

    // One attempt after each rest would keep a backlog far beyond its time.
    private void TakeOverdue(Site site, long now)
    {
        foreach (var destination in site.Ready)
        {
            foreach (var entry in destination.TakeOverdue(now))
            {
                _overdue.Enqueue(entry);
            }
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            _timerDue = long.MaxValue;
            while (_resting.TryPeek(out var site, out var restsUntil) && restsUntil <= now)
            {
                _resting.Dequeue();
                Rotate(site);
            }

            while (_later.TryPeek(out var entry, out var due) && due <= now)
            {
                _later.Dequeue();
                Place(entry, TimeSpan.Zero);
            }

            var nextRest = _resting.TryPeek(out _, out var rest) ? rest : long.MaxValue;
            var nextEntry = _later.TryPeek(out _, out var next) ? next : long.MaxValue;
            SetTimer(Math.Min(nextRest, nextEntry));
        }

        _wake();
    }

    // One timer for the earliest time of all. It wakes at least hourly while anything waits; waking too early is harmless.
    private void SetTimer(long due)
    {
        if (due >= _timerDue)
        {
            return;
        }

        _timerDue = due;
        var wait = _clock.GetElapsedTime(_clock.GetTimestamp(), due);
        if (wait > LongestTimer)
        {
            wait = LongestTimer;
        }

        // Rounded up to what timers resolve, for firing early would only set it again.
        var milliseconds = Math.Max(1, Math.Ceiling(wait.TotalMilliseconds));
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }
}
