namespace Relay.MtaSts.Cache;

/// <summary>
/// A time that the wall clock alone cannot put ahead: the greatest that was ever written, and as much as has passed since by the monotonic
/// clock. It follows the wall clock by some days at once, as after a night without the relay; after a longer pause it stays behind, so that
/// what is deleted by it was old for longer than it had to be.
/// </summary>
internal sealed class CountedTime(PolicyClock clock)
{
    private static readonly TimeSpan Credible = TimeSpan.FromDays(3);

    private (DateTimeOffset Time, long At)? _last;

    /// <summary>How long the relay has been running.</summary>
    public TimeSpan Running => clock.Time.GetElapsedTime(clock.StartedAt);

    /// <summary>The time now.</summary>
    /// <param name="written">The greatest time that the store holds; null for a store without one, which has nothing to lose.</param>
    public DateTimeOffset Count(DateTimeOffset? written)
    {
        var time = _last is { } last ? last.Time + clock.Time.GetElapsedTime(last.At) : Begin(written);
        var wall = clock.Now;
        time = wall > time && wall - time <= Credible ? wall : time;
        _last = (time, clock.Timestamp);
        return time;
    }

    private DateTimeOffset Begin(DateTimeOffset? written)
    {
        var counted = clock.StartedOn + Running;
        return written is not { } greatest || (clock.StartedOn <= greatest + Credible && counted > greatest) ? counted : greatest;
    }
}
