namespace Relay.Lab;

/// <summary>
/// A timer of <see cref="ManualClock"/>; its times belong to the clock and are guarded by the clock's lock.
/// </summary>
internal sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
{
    /// <summary>When it fires, in ticks since the clock's start.</summary>
    public long Due { get; set; }

    /// <summary>Orders timers due at the same time: first scheduled, first fired.</summary>
    public long Sequence { get; set; }

    public TimeSpan Period { get; set; }

    public void Fire() => callback(state);

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        clock.Schedule(this, dueTime, period);
        return true;
    }

    public void Dispose() => clock.Unschedule(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
