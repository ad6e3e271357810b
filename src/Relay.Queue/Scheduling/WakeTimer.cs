namespace Relay.Queue.Scheduling;

/// <summary>
/// One timer for the earliest time of all. It rings at least hourly while anything waits; ringing too early is harmless.
/// Guarded by the scheduler's lock.
/// </summary>
/// <param name="clock">The time.</param>
/// <param name="ring">What to do, outside the lock.</param>
internal sealed class WakeTimer(TimeProvider clock, Action ring) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly ITimer _timer = clock.CreateTimer(
        static state => ((Action)state!)(), ring, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private long _due = long.MaxValue;

    /// <summary>Rings at a timestamp, unless it is set to ring earlier.</summary>
    public void RingAt(long due)
    {
        if (due >= _due)
        {
            return;
        }

        _due = due;
        var wait = clock.GetElapsedTime(clock.GetTimestamp(), due);
        if (wait > Longest)
        {
            wait = Longest;
        }

        // Rounded up to what timers resolve, for firing early would only set it again.
        var milliseconds = Math.Max(1, Math.Ceiling(wait.TotalMilliseconds));
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    /// <summary>It has rung, and is to be set anew.</summary>
    public void Reset() => _due = long.MaxValue;

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
