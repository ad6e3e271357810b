using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.Admin;

/// <summary>What the relay applies to a domain now, for people and for <c>--json</c>.</summary>
/// <param name="Domain">The policy domain.</param>
/// <param name="Decision">One of <c>policy</c>, <c>no-policy</c>, <c>unknown</c>.</param>
/// <param name="Mode">The mode that holds.</param>
/// <param name="Policy">The policy, when one applies.</param>
/// <param name="Until">When mail stops waiting for DNS, when nothing is known yet.</param>
/// <param name="Detail">What DNS said, when nothing is known yet.</param>
internal sealed record StsDecisionView(
    string Domain, string Decision, PolicyMode Mode, StsPolicyView? Policy, DateTimeOffset? Until, string? Detail)
{
    public static StsDecisionView Of(string domain, PolicyDecision decision, DateTimeOffset now) => decision switch
    {
        PolicyDecision.Applies applies => new(
            domain, "policy", applies.Mode, StsPolicyView.Of(applies.Policy, now), null, null),
        PolicyDecision.Unknown unknown => new(domain, "unknown", PolicyMode.None, null, unknown.Until, unknown.Detail),
        _ => new(domain, "no-policy", PolicyMode.None, null, null, null),
    };
}
