using System.Globalization;
using System.Net;
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
        return [CheckStep.Passed("policy", $"valid; mx: {patterns}"), .. Addresses(policy), Mode(policy), MaxAge(policy)];
    }

    // RFC 8461 §4.1, RFC 5321 §5.1: patterns are compared with names from MX records, which are no addresses.
    private static IEnumerable<CheckStep> Addresses(StsPolicy policy) => policy.MxPatterns
        .Where(pattern => IPAddress.TryParse(pattern.Text, out _))
        .Select(pattern => CheckStep.Advice(
            "mx-pattern",
            $"mx: {pattern} is an address and matches no host; some senders refuse the whole policy for it",
            "Remove the line, or write the host's name as its MX record has it"));

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
        var published = PublishedMaxAge(policy);
        if (published != policy.MaxAge.TotalSeconds)
        {
            return CheckStep.Advice(
                "max-age",
                string.Create(CultureInfo.InvariantCulture, $"{published:0} s is more than a year, and counts as a year: {finding}"),
                "Write max_age: 31557600 at most");
        }

        return policy.MaxAge < ShortLife && policy.Mode != PolicyMode.None
            ? CheckStep.Advice(
                "max-age",
                $"{finding} is short: who blocks the policy host that long ends the protection",
                "Raise max_age to weeks: max_age: 2592000")
            : CheckStep.Passed("max-age", finding);
    }

    // RFC 8461 §3.2: of repeated fields the first counts; the policy is valid, so that it is a number.
    private static double PublishedMaxAge(StsPolicy policy)
    {
        const string Field = "max_age:";
        var line = policy.Text.Split('\n').First(line => line.StartsWith(Field, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Field.Length).Trim(), CultureInfo.InvariantCulture);
    }
}
