namespace Relay.LoadTest.Load;

/// <summary>How long something took, over many.</summary>
/// <param name="Median">Half took no longer.</param>
/// <param name="P95">95 of 100 took no longer.</param>
/// <param name="P99">99 of 100 took no longer.</param>
/// <param name="Longest">The longest.</param>
public readonly record struct LatencyFigures(TimeSpan Median, TimeSpan P95, TimeSpan P99, TimeSpan Longest)
{
    /// <summary>The figures of these times, which are sorted; zeros for none.</summary>
    internal static LatencyFigures Of(List<TimeSpan> times)
    {
        if (times.Count == 0)
        {
            return default;
        }

        times.Sort();
        return new LatencyFigures(At(0.5), At(0.95), At(0.99), times[^1]);

        TimeSpan At(double share) => times[Math.Max(0, (int)Math.Ceiling(times.Count * share) - 1)];
    }
}
