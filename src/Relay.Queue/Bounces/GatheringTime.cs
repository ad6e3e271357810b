namespace Relay.Queue.Bounces;

/// <summary>
/// How long failures of a message wait for others, so that its sender hears of many in one notification (RFC 3464 §2.3 has a group of fields
/// for each recipient). Without a bound on their number a message to a thousand domains would come back a thousand times.
/// </summary>
internal static class GatheringTime
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPass = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Second = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    /// <summary>How much longer to wait; zero to tell now.</summary>
    /// <param name="notified">How many notifications of its failures there were.</param>
    /// <param name="queued">How many of its recipients may still fail.</param>
    /// <param name="untried">How many of those were never tried.</param>
    /// <param name="waited">How long the first of these failures has waited.</param>
    public static TimeSpan Left(int notified, long queued, long untried, TimeSpan waited)
    {
        if (queued == 0 || (notified == 0 && untried == 0))
        {
            return TimeSpan.Zero;
        }

        if (notified == 0)
        {
            // The first pass over its destinations is looked after, for most end in seconds.
            return Min(Look, LongestPass - waited);
        }

        // Twice as long each time: the failures of five days make about sixty notifications at most.
        var whole = Min(Second * Math.Pow(2, Math.Min(notified - 1, 10)), Longest);
        return whole > waited ? whole - waited : TimeSpan.Zero;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) =>
        one < other ? (one < TimeSpan.Zero ? TimeSpan.Zero : one) : (other < TimeSpan.Zero ? TimeSpan.Zero : other);
}
