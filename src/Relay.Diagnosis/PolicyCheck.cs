using System.Globalization;
using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>What a valid policy says, and what it could say better.</summary>
internal static class PolicyCheck
{
    // RFC 8461 §10.2: whoever can block the policy host for max_age ends the policy; §3.2 speaks of weeks or more.
    private static readonly TimeSpan ShortLife = TimeSpan.FromDays(7);

    public static IReadOnlyList<CheckStep> Describe(StsPolicy policy)
    {
        var patterns = policy.MxPatterns.Count == 0 ? "none" : string.Join(", ", policy.MxPatterns);
        return [CheckStep.Passed("policy", $"valid; mx: {patterns}"), Mode(policy), MaxAge(policy)];
    }

    private static CheckStep Mode(StsPolicy policy) => policy.Mode switch
    {
        PolicyMode.Enforce => CheckStep.Passed("mode", "enforce"),
        PolicyMode.Testing => CheckStep.Advice(
            "mode",
            "testing: senders report failures and deliver all the same",
            "When the reports show no failures, change the mode to enforce"),
        _ => CheckStep.Advice("mode", "none: the policy protects nothing", "To use MTA-STS, publish mode testing, then enforce"),
    };

    private static CheckStep MaxAge(StsPolicy policy)
    {
        var finding = string.Create(
            CultureInfo.InvariantCulture, $"{policy.MaxAge.TotalSeconds:0} s ({policy.MaxAge.TotalDays:0.##} days)");
        return policy.MaxAge < ShortLife && policy.Mode != PolicyMode.None
            ? CheckStep.Advice(
                "max-age",
                $"{finding} is short: who blocks the policy host that long ends the protection",
                "Raise max_age to weeks: max_age: 2592000")
            : CheckStep.Passed("max-age", finding);
    }
}
