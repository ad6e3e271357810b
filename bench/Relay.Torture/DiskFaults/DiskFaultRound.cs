namespace Relay.Torture.DiskFaults;

/// <summary>One life of the relay on the failing disk, as it was drawn.</summary>
/// <param name="Fault">What fails.</param>
/// <param name="Before">How long the relay works before.</param>
/// <param name="Outage">How long it fails.</param>
/// <param name="After">How long the relay works on; zero when it ends while the disk fails.</param>
/// <param name="Loss">It ends with the power; null for another end.</param>
/// <param name="IsKilled">It ends with SIGKILL, or with the power, and not in good order.</param>
internal sealed record DiskFaultRound(
    DiskFault Fault, TimeSpan Before, TimeSpan Outage, TimeSpan After, PowerLoss? Loss, bool IsKilled)
{
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ShortestOutage = TimeSpan.FromSeconds(0.05);

    /// <summary>How it ends, in words.</summary>
    public string End => (Loss is { } loss ? $"power lost ({loss})" : IsKilled ? "killed" : "stopped")
        + (After == TimeSpan.Zero ? " meanwhile" : string.Empty);

    /// <summary>Draws one.</summary>
    public static DiskFaultRound Draw(Random random, TorturePlan plan, IReadOnlyList<DiskFault> faults)
    {
        // Short ones as often as long ones.
        var outage = ShortestOutage * Math.Pow(LongestOutage / ShortestOutage, random.NextDouble());
        var end = random.Next(10);
        PowerLoss? loss = end < 6 ? (PowerLoss)(end % 3) : null;
        var isKilled = end < 8;
        var endsInOutage = isKilled && random.Next(3) == 0;
        return new DiskFaultRound(
            faults[random.Next(faults.Count)],
            random.NextDouble() * plan.LongestLife,
            outage,
            endsInOutage ? TimeSpan.Zero : (0.1 + random.NextDouble()) * plan.LongestLife,
            loss,
            isKilled);
    }
}
