using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Relay.MtaSts.Stores;

namespace Relay.MtaSts;

/// <summary>Time, and all the spans of time by which policies are looked for, kept and dropped.</summary>
internal sealed class PolicyClock(TimeProvider time, IOptions<MtaStsOptions> options)
{
    /// <summary>RFC 8461 §3.3: five minutes after a failed fetch, then longer, so that a dead host costs nobody much.</summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromMinutes(5);

    /// <summary>The longest time for which a policy host that fails is left alone.</summary>
    public static readonly TimeSpan LongestBackOff = TimeSpan.FromHours(1);

    // The resolver knows the answer's time to live; asking it again within that costs no query.
    private static readonly TimeSpan LongestHold = TimeSpan.FromHours(1);

    // While DNS is down, not every message waits for it to fail again.
    private static readonly TimeSpan FailureHold = TimeSpan.FromSeconds(30);

    /// <summary>How far the two looks lie apart that find no policy after policies were lost.</summary>
    public static readonly TimeSpan SecondLook = TimeSpan.FromMinutes(15);

    private const int JitterSteps = 1_000;
    private const double LargestJitter = 0.2;

    public TimeProvider Time => time;

    public MtaStsOptions Options { get; } = options.Value;

    /// <summary>What the wall clock said when the program began.</summary>
    public DateTimeOffset StartedOn { get; } = time.GetUtcNow();

    /// <summary>The timestamp at which the program began.</summary>
    public long StartedAt { get; } = time.GetTimestamp();

    public DateTimeOffset Now => time.GetUtcNow();

    public long Timestamp => time.GetTimestamp();

    /// <summary>The timestamp that comes after this much time.</summary>
    public long After(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>Until when an answer of DNS with this time to live is not asked for again.</summary>
    public long AfterHold(TimeSpan timeToLive) => After(timeToLive < LongestHold ? timeToLive : LongestHold);

    /// <summary>Until when a failed lookup is not repeated.</summary>
    public long AfterFailureHold() => After(FailureHold);

    /// <summary>How long nothing is fetched after so many failures in a row.</summary>
    public static TimeSpan BackOff(int failures) =>
        failures >= 5
            ? LongestBackOff
            : TimeSpan.FromTicks(Math.Min(FirstBackOff.Ticks << Math.Max(failures - 1, 0), LongestBackOff.Ticks));

    /// <summary>
    /// When a policy fetched now is fetched again: RFC 8461 §10.2, well before it expires, about once a day, and not
    /// all of them at the same moment.
    /// </summary>
    public DateTimeOffset NextRefresh(TimeSpan maxAge) =>
        Now + (LongestRefresh(maxAge) * (1 - (LargestJitter * RandomNumberGenerator.GetInt32(JitterSteps) / JitterSteps)));

    /// <summary>A stored policy's refresh stands where its fetch has put it, and no failure has moved it.</summary>
    public bool IsRefreshTime(StoredPolicy stored)
    {
        var (set, longest) = (stored.RefreshAt - stored.Policy.FetchedAt, LongestRefresh(stored.Policy.Policy.MaxAge));
        return set >= longest * (1 - LargestJitter) && set <= longest;
    }

    private TimeSpan LongestRefresh(TimeSpan maxAge)
    {
        var interval = Options.RefreshInterval < maxAge / 2 ? Options.RefreshInterval : maxAge / 2;
        return interval > FirstBackOff ? interval : FirstBackOff;
    }
}
