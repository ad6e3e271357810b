using Relay.Lab;

namespace Relay.Dns.Tests;

public class ManualClockTests
{
    [Fact]
    public async Task Advance_ToTheDueTime_FiresDelaysAndTokens()
    {
        var clock = new ManualClock();
        var delay = Task.Delay(TimeSpan.FromSeconds(5), clock, ResolverLab.Stop);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(6), clock);

        clock.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromTicks(1));
        await delay;
        Assert.False(limit.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limit.IsCancellationRequested);
        Assert.Equal(0, clock.ScheduledTimers);
    }

    [Fact]
    public void Advance_SeveralTimers_FireInOrderAtTheirOwnTimes()
    {
        var clock = new ManualClock();
        var start = clock.GetTimestamp();
        var fired = new List<(string Name, double Seconds)>();
        using var late = clock.CreateTimer(_ => Note("late"), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = clock.CreateTimer(_ => Note("often"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5));

        clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal([("often", 1), ("often", 2.5), ("late", 3), ("often", 4)], fired);

        void Note(string name) => fired.Add((name, clock.GetElapsedTime(start).TotalSeconds));
    }

    [Fact]
    public async Task TimerScheduled_WaitsForTheTimer()
    {
        var clock = new ManualClock();
        var scheduled = clock.TimerScheduledAsync(TimeSpan.FromSeconds(7), ResolverLab.Stop);
        Assert.False(scheduled.IsCompleted);

        var delay = Task.Delay(TimeSpan.FromSeconds(7), clock, ResolverLab.Stop);
        await scheduled;
        await clock.TimersScheduledAsync(1, ResolverLab.Stop);
        clock.Advance(TimeSpan.FromSeconds(7));
        await delay;
    }

    [Fact]
    public void SetUtcNow_MovesTheWallClockAlone()
    {
        var clock = new ManualClock();
        var timestamp = clock.GetTimestamp();

        clock.SetUtcNow(clock.GetUtcNow() - TimeSpan.FromDays(1));

        Assert.Equal(timestamp, clock.GetTimestamp());
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero), clock.GetUtcNow());
    }
}
