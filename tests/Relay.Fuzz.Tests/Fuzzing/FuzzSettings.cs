using System.Globalization;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>How much is fuzzed: little with every build, much when the environment says so.</summary>
internal static class FuzzSettings
{
    /// <summary>Cases of each target: <c>RELAY_FUZZ_CASES</c>.</summary>
    public static long Cases { get; } = Read("RELAY_FUZZ_CASES", 20_000);

    /// <summary>The number of the first case: <c>RELAY_FUZZ_FIRST</c>, to go on where another run ended.</summary>
    public static long First { get; } = Read("RELAY_FUZZ_FIRST", 0);

    /// <summary>A file that gets a line of totals for each target: <c>RELAY_FUZZ_TOTALS</c>; null for none.</summary>
    public static string? TotalsFile { get; } = Environment.GetEnvironmentVariable("RELAY_FUZZ_TOTALS");

    private static long Read(string variable, long byDefault) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
            : byDefault;
}
