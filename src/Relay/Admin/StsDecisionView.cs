using Relay.MtaSts;
using Relay.MtaSts.Policies;

namespace Relay.Admin;

/// <summary>What the relay applies to a domain now, for people and for <c>--json</c>.</summary>
/// <param name="Domain">The policy domain.</param>
/// <param name="Decision">One of <c>policy</c>, <c>no-policy</c>, <c>unknown</c>.</param>
/// <param name="Mode">The mode that holds, the operator's override included.</param>
/// <param name="Source">
/// Where the decision came from: <c>remembered</c>, <c>fetched-now</c>, <c>record</c> (DNS says there is none),
/// <c>fetch-failed</c>, <c>dns-failure</c>, <c>override</c>, <c>disabled</c>.
/// </param>
/// <param name="Record">What DNS says at <c>_mta-sts</c> now, in words; null when it was not asked.</param>
internal sealed record StsDecisionView(string Domain, string Decision, PolicyMode Mode, string Source, string? Record)
{
    /// <summary>The policy remembered or fetched, when one applies.</summary>
    public StsPolicyView? Policy { get; init; }

    /// <summary>The operator's word on the domain; null for none.</summary>
    public OverrideMode? Override { get; init; }

    /// <summary>When the override ends; null for never.</summary>
    public DateTimeOffset? OverrideUntil { get; init; }

    /// <summary>When mail stops waiting for DNS, when nothing is known yet.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What DNS said, when nothing is known yet.</summary>
    public string? Detail { get; init; }
}
