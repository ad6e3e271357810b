namespace Relay.TlsRpt.Ledger;

/// <summary>What was counted under one policy (RFC 8460 §4.4).</summary>
/// <param name="Type">policy-type.</param>
/// <param name="Lines">policy-string; empty without a policy.</param>
/// <param name="MxHosts">mx-host; empty without a policy.</param>
/// <param name="Succeeded">total-successful-session-count.</param>
/// <param name="Failed">total-failure-session-count.</param>
/// <param name="Failures">failure-details, the most frequent first.</param>
internal sealed record PolicyCounts(
    string Type,
    IReadOnlyList<string> Lines,
    IReadOnlyList<string> MxHosts,
    long Succeeded,
    long Failed,
    IReadOnlyList<FailureCount> Failures)
{
    public const string NoPolicyFound = "no-policy-found";

    public long Sessions => Succeeded + Failed;
}
