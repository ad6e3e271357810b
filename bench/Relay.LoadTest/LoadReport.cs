using System.Globalization;
using Relay.LoadTest.Load;

namespace Relay.LoadTest;

/// <summary>The figures of a load, for people and for docs/performance.md.</summary>
internal static class LoadReport
{
    public static void Write(TextWriter output, LoadPlan plan, LoadResult result)
    {
        Line($"{plan.Messages} messages of {plan.Octets} octets, {plan.Sessions} sessions, {plan.Domains} domains, {plan.Recipients} recipient(s) each");
        Line($"accepted   {result.Accepted,9}   {PerSecond(result.Accepted, result.AcceptedIn),8:F0}/s   in {result.AcceptedIn.TotalSeconds:F2} s");
        Line($"delivered  {result.Arrived,9}   {PerSecond(result.Arrived, result.ArrivedIn),8:F0}/s   in {result.ArrivedIn.TotalSeconds:F2} s");
        Line($"accept     {Latencies(result.AcceptLatency)}");
        Line($"end to end {Latencies(result.Journey)}");
        Line($"relay      {PerMessage(result.Relay.Cpu, result):F3} ms CPU a message, {result.Relay.PeakResidentOctets / 1048576.0:F0} MiB resident at most");
        Line($"lab        {PerMessage(result.LabCpu, result):F3} ms CPU a message");
        Line($"lost {result.Lost}, doubled {result.Doubled}, damaged or foreign {result.Foreign}, refused {result.Refused}, unanswered {result.Unanswered}");
        if (result.FirstRefusal is { } refusal)
        {
            Line($"first refusal: {refusal}");
        }

        if (plan.KillAfter is { } kill)
        {
            Line($"killed after {kill} messages with {result.OpenAtKill} connections to MX hosts open");
        }

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    private static double PerSecond(int count, TimeSpan time) => time > TimeSpan.Zero ? count / time.TotalSeconds : 0;

    private static double PerMessage(TimeSpan cpu, LoadResult result) => cpu.TotalMilliseconds / Math.Max(1, result.Accepted);

    private static string Latencies(LatencyFigures figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {figures.Median.TotalMilliseconds:F1} ms, p95 {figures.P95.TotalMilliseconds:F1} ms, p99 {figures.P99.TotalMilliseconds:F1} ms, longest {figures.Longest.TotalMilliseconds:F1} ms");
}
