using Relay.Lab;

namespace Relay.Protocol.Tests;

/// <summary>What a relay on a <see cref="ManualClock"/> waits for, and the wait that is long over where it never comes.</summary>
internal static class Clocks
{
    /// <summary>A first retry between 17 and 18.7 minutes: no other timer of the relay is due then.</summary>
    public static readonly (string Key, string Value) RareRetry = ("Queue:RetrySchedule:0", "00:17:00");

    /// <summary>What takes longer than this will not come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a limit of exactly this length runs.</summary>
    public static Task DueAsync(this ManualClock clock, TimeSpan dueIn, CancellationToken cancellationToken) =>
        clock.TimerScheduledAsync(dueIn, cancellationToken).WaitAsync(Patience, TimeProvider.System, cancellationToken);

    /// <summary>As above, for a wait with jitter.</summary>
    public static Task DueAsync(this ManualClock clock, TimeSpan least, TimeSpan most, CancellationToken cancellationToken) =>
        clock.TimerScheduledAsync(least, most, cancellationToken).WaitAsync(Patience, TimeProvider.System, cancellationToken);

    /// <summary>Waits until mail stands back by <see cref="RareRetry"/>, then lets that time pass.</summary>
    public static async Task PassRetryAsync(this ManualClock clock, CancellationToken cancellationToken)
    {
        await clock.DueAsync(TimeSpan.FromMinutes(17), TimeSpan.FromMinutes(18.7), cancellationToken);
        clock.Advance(TimeSpan.FromMinutes(19));
    }
}
