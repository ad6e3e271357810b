namespace Relay.Queue;

/// <summary>When mail that could not be delivered is tried again, and for how long.</summary>
public sealed class QueueOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Queue";

    // RFC 8460 §5.5: a report is tried for a day; then the next one is due.
    private static readonly TimeSpan ReportLifetime = TimeSpan.FromDays(1);

    /// <summary>
    /// The waits between attempts; the last one repeats. Empty, the default, stands for 1 min, 5 min, 15 min, 30 min,
    /// 1 h, 1 h, 2 h, 3 h, 4 h. Each is lengthened at random by up to a tenth.
    /// </summary>
    public IReadOnlyList<TimeSpan> RetrySchedule { get; init; } = [];

    /// <summary>How long a message is tried before it goes back. RFC 5321 §4.5.4.1: at least 4 to 5 days.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(5);

    /// <summary>
    /// How many octets of fresh mail are kept in memory until their first attempt; more is read from the store.
    /// </summary>
    public long MemoryOctets { get; init; } = 64 * 1024 * 1024;

    /// <summary>After how long the sender is told that a message still waits; zero for never.</summary>
    public TimeSpan DelayWarning { get; init; } = TimeSpan.FromHours(4);

    /// <summary>
    /// How long a message with the null reverse-path, a notification, is tried (RFC 5321 §4.5.4.1); as any other when not set, and
    /// never longer.
    /// </summary>
    public TimeSpan? NotificationLifetime { get; init; }

    /// <summary>
    /// How many entries the queue may hold for a new message to be taken: an entry is a message's recipients at one domain, and takes up to
    /// 1 kB of memory when nothing else goes to its domain, 0.15 kB at a domain of many.
    /// </summary>
    public int MaxEntries { get; init; } = 2_000_000;

    /// <summary>
    /// How many octets the disk must have free for a new message to be taken. What the queue writes about the mail it has
    /// needs them: the write-ahead log, 33 MB before it goes into the file, and the pages by which the file then grows.
    /// </summary>
    public long MinFreeOctets { get; init; } = 128 * 1024 * 1024;

    /// <summary>What is kept of that of which nobody can be told.</summary>
    public FailedMailOptions Failed { get; init; } = new();

    /// <summary>How long before the end of its time a message's sender is warned; zero for never.</summary>
    public TimeSpan WarningLead => DelayWarning > TimeSpan.Zero && DelayWarning < Lifetime ? Lifetime - DelayWarning : TimeSpan.Zero;

    /// <summary>How long a message is tried.</summary>
    public TimeSpan LifetimeOf(bool isReport, bool isNotification)
    {
        var limit = isReport ? ReportLifetime : isNotification ? NotificationLifetime ?? Lifetime : Lifetime;
        return limit < Lifetime ? limit : Lifetime;
    }
}
