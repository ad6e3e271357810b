namespace Relay.Queue;

/// <summary>
/// How much is kept of messages that failed and of which nobody can be told: those with the null reverse-path, most often notifications.
/// </summary>
public sealed class FailedMailOptions
{
    /// <summary>How long one is kept.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The most that are kept; the oldest go first.</summary>
    public int MaxMessages { get; init; } = 10_000;

    /// <summary>The most octets of them that are kept: the oldest lose their content first, and keep their header.</summary>
    public long MaxOctets { get; init; } = 1024 * 1024 * 1024;
}
