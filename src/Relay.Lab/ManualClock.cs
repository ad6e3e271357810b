namespace Relay.Lab;

/// <summary>
/// A clock that stands still until a test moves it. Timers (and so <c>Task.Delay(…, clock)</c> and
/// <c>new CancellationTokenSource(…, clock)</c>) fire inside <see cref="Advance"/>, in the order in which they are due.
/// </summary>
public sealed class ManualClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<Waiter> _waiters = [];
    private DateTimeOffset _utcNow;
    private long _elapsed;
    private long _sequence;

    /// <summary>Starts at the given time; by default at noon of 22 November 2026, UTC.</summary>
    public ManualClock(DateTimeOffset? start = null) =>
        _utcNow = start ?? new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers are waiting to fire.</summary>
    public int ScheduledTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _utcNow;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _elapsed;
        }
    }

    /// <summary>
    /// Moves the wall clock and the timestamps, firing every timer that comes due, each at its own time.
    /// </summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (_gate)
        {
            end = _elapsed + by.Ticks;
        }

        while (TakeDue(end) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>
    /// Sets the wall clock alone, also backwards, as an operator or NTP does; timestamps and timers do not notice.
    /// </summary>
    public void SetUtcNow(DateTimeOffset now)
    {
        lock (_gate)
        {
            _utcNow = now;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes as soon as at least so many timers wait to fire.</summary>
    public Task TimersScheduledAsync(int count, CancellationToken cancellationToken) =>
        WaitAsync(timers => timers.Count >= count, cancellationToken);

    /// <summary>Completes as soon as a timer waits that will fire after exactly this much more time.</summary>
    public Task TimerScheduledAsync(TimeSpan dueIn, CancellationToken cancellationToken) =>
        WaitAsync(timers => timers.Exists(timer => timer.Due - _elapsed == dueIn.Ticks), cancellationToken);

    /// <summary>Completes as soon as a timer waits that will fire after so much more time: a wait with jitter.</summary>
    public Task TimerScheduledAsync(TimeSpan least, TimeSpan most, CancellationToken cancellationToken) => WaitAsync(
        timers => timers.Exists(timer => timer.Due - _elapsed >= least.Ticks && timer.Due - _elapsed <= most.Ticks),
        cancellationToken);

    internal void Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
            timer.Period = period;
            if (dueTime >= TimeSpan.Zero)
            {
                timer.Due = _elapsed + dueTime.Ticks;
                timer.Sequence = _sequence++;
                _timers.Add(timer);
            }

            ReleaseWaiters();
        }
    }

    internal void Unschedule(ManualTimer timer)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
        }
    }

    private ManualTimer? TakeDue(long end)
    {
        lock (_gate)
        {
            var next = _timers.Where(timer => timer.Due <= end).MinBy(timer => (timer.Due, timer.Sequence));
            MoveTo(Math.Max(_elapsed, next?.Due ?? end));
            if (next is { Period.Ticks: > 0 })
            {
                next.Due += next.Period.Ticks;
            }
            else if (next is not null)
            {
                _timers.Remove(next);
            }

            return next;
        }
    }

    private void MoveTo(long elapsed)
    {
        _utcNow += TimeSpan.FromTicks(elapsed - _elapsed);
        _elapsed = elapsed;
        ReleaseWaiters();
    }

    private Task WaitAsync(Predicate<List<ManualTimer>> condition, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(
            condition, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            _waiters.Add(waiter);
            ReleaseWaiters();
        }

        return waiter.Done.Task.WaitAsync(cancellationToken);
    }

    private void ReleaseWaiters() =>
        _waiters.RemoveAll(waiter => waiter.Condition(_timers) && waiter.Done.TrySetResult());

    private sealed record Waiter(Predicate<List<ManualTimer>> Condition, TaskCompletionSource Done);
}
