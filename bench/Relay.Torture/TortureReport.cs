using System.Globalization;

namespace Relay.Torture;

/// <summary>The figures of a torture run, for people and for docs/reliability.md.</summary>
internal static class TortureReport
{
    public static void Write(TextWriter output, TortureResult result)
    {
        Line($"{result.Kills} kills and {result.Terminations} orderly stops in {result.Took.TotalSeconds:F0} s");
        Line($"submitted {result.Submitted}: accepted {result.Accepted}, refused {result.Refused} ({Counts(result.Refusals)}), unanswered {result.Unanswered}");
        Line($"copies of accepted messages {result.Copies}, lost {result.LostCount}");
        Line($"doubled by kills {result.DoubledByKills} (worst {result.DoubledByWorstKill}), by orderly stops {result.DoubledByTerminations}, otherwise {result.DoubledInLife}");
        Line($"damaged or foreign {result.Damaged}, refused and arrived {result.RefusedButArrived}, refused or cut after the final dot {result.CutAfterContent}");
        Line($"senders told of a refused recipient {result.Notifications}, not told {result.UnnotifiedCount}");
        Line($"left in the queue {result.LeftInQueue}");
        Line($"faults: {Counts(result.Faults)}");

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    private static string Counts(IReadOnlyDictionary<string, int> counts) => counts.Count == 0
        ? "none"
        : string.Join(", ", counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Value} {count.Key}")));
}
