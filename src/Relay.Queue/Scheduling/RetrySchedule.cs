using System.Security.Cryptography;

namespace Relay.Queue.Scheduling;

/// <summary>
/// How long to wait after a failed attempt. RFC 5321 §4.5.4.1: half an hour at least in general; the first hour is
/// denser, since most delays (greylisting, a restart) are over by then.
/// </summary>
internal sealed class RetrySchedule(IReadOnlyList<TimeSpan> waits)
{
    private const int JitterSteps = 1000;
    private const double MaxJitter = 0.1;
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan[] Default =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3), TimeSpan.FromHours(4),
    ];

    private readonly IReadOnlyList<TimeSpan> _waits = waits.Count == 0 ? Default : waits;

    /// <summary>The longest wait there is.</summary>
    public TimeSpan Longest => _waits.Max() * (1 + MaxJitter);

    /// <summary>
    /// The wait after so many attempts, lengthened at random by up to a tenth, so that a crowd spreads.
    /// </summary>
    public TimeSpan After(int attempts) =>
        Exact(attempts) * (1 + (MaxJitter * RandomNumberGenerator.GetInt32(JitterSteps) / JitterSteps));

    /// <summary>
    /// How long a site that could not be reached so many times in a row is left alone: never longer than the message
    /// that found out waits itself, nor than a quarter of an hour, so that mail goes soon after the site is back.
    /// </summary>
    public TimeSpan BackoffAfter(int failures)
    {
        var backoff = Exact(failures);
        return backoff < LongestBackoff ? backoff : LongestBackoff;
    }

    private TimeSpan Exact(int attempts) => _waits[Math.Clamp(attempts - 1, 0, _waits.Count - 1)];
}
