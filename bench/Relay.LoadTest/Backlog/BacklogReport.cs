using System.Globalization;
using Relay.LoadTest.Load;

namespace Relay.LoadTest.Backlog;

/// <summary>The figures of a backlog beside what is promised of it.</summary>
internal static class BacklogReport
{
    private const double MiB = 1024 * 1024;
    private const long MostOctets = 500_000_000;
    private const double LeastRatio = 0.8;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(10);

    /// <summary>Writes them; false when a promise is missed.</summary>
    public static bool Write(TextWriter output, BacklogPlan plan, BacklogResult result)
    {
        Line($"backlog    {plan.Queued} messages of {plan.Octets} octets ({plan.Kind}), filled in {result.FilledIn.TotalSeconds:F0} s, {result.StoreOctets / MiB:F0} MiB on disk");
        Line($"start      {result.Start.TotalSeconds:F2} s until it takes mail (empty queue {result.EmptyStart.TotalSeconds:F2} s), {result.FirstDelivered.TotalSeconds:F2} s until the first fresh message was delivered; promised 10 s");
        Line($"memory     {result.StartOctets / MiB:F0} MiB then, {result.PeakOctets / MiB:F0} MiB resident at most (empty queue {result.EmptyPeakOctets / MiB:F0} MiB); promised {MostOctets / MiB:F0} MiB");
        Line($"healthy    {result.Drained} of {result.Healthy} delivered, {result.Drained / result.DrainedIn.TotalSeconds:F0}/s, the last after {result.DrainedIn.TotalSeconds:F1} s");
        Line($"meanwhile  {result.Probes.Count} fresh messages: accept {Latencies(result.Probes.Accept)}; end to end {Latencies(result.Probes.Journey)}");
        Line($"reception  {result.Ratio:P0} of the rate with an empty queue, {plan.RoundMessages} messages over {plan.Sessions} sessions a round; promised {LeastRatio:P0}");
        foreach (var (empty, backlog) in result.Rounds)
        {
            Line($"           empty {empty:F0}/s, backlog {backlog:F0}/s");
        }

        Line($"operator   {result.Holds.Count} messages held in a row: {Latencies(result.Holds.Hold)}; {result.HoldsOctets / MiB:F0} MiB resident at most by then");
        Line($"           accept before {Latencies(result.Holds.Quiet)}; meanwhile {Latencies(result.Holds.Meanwhile)}");
        Line($"idle       {result.IdleShare:P1} of a processor");
        Line($"fresh mail lost {result.Lost}, doubled {result.Doubled}, damaged or foreign {result.Foreign}, refused {result.Refused.Count} {result.Refused.First}");
        return result.Start < LongestStart && result.PeakOctets < MostOctets && result.Ratio >= LeastRatio
            && result.Drained == result.Healthy && result.Lost + result.Doubled + result.Foreign + result.Refused.Count == 0;

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    private static string Latencies(LatencyFigures figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {figures.Median.TotalMilliseconds:F1} ms, p99 {figures.P99.TotalMilliseconds:F1} ms, longest {figures.Longest.TotalMilliseconds:F1} ms");
}
