using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Discovery;

/// <summary>What DNS says about a domain's record. Silence is not absence.</summary>
public abstract record StsRecordAnswer
{
    private StsRecordAnswer()
    {
    }

    /// <summary>DNS answered.</summary>
    /// <param name="Records">What the records say; absent also for NXDOMAIN and no data.</param>
    /// <param name="TimeToLive">How long that holds.</param>
    public sealed record Definitive(StsRecordSet Records, TimeSpan TimeToLive) : StsRecordAnswer;

    /// <summary>DNS did not answer, or not in a way that proves anything.</summary>
    /// <param name="Detail">For people: which server said what.</param>
    public sealed record TemporaryFailure(string Detail) : StsRecordAnswer;
}
