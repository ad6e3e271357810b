using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Evidence;

/// <summary>The policy that a piece of evidence stands under (RFC 8460 §4.4).</summary>
/// <param name="Applied">The policy of type <c>sts</c>; null for <c>no-policy-found</c>.</param>
public sealed record ObservedPolicy(StsPolicy? Applied)
{
    /// <summary>No policy, or one of mode none (RFC 8461 §5, §6).</summary>
    public static ObservedPolicy NoPolicyFound { get; } = new((StsPolicy?)null);

    /// <summary>The word that stands in a report: <c>sts</c> or <c>no-policy-found</c>.</summary>
    public string Type => Applied is null ? "no-policy-found" : "sts";

    /// <summary>The policy file as published; empty for none. Reports break it into lines.</summary>
    public string Text => Applied?.Text ?? string.Empty;

    /// <summary>The patterns of the policy; empty for none.</summary>
    public IReadOnlyList<MxPattern> MxPatterns => Applied?.MxPatterns ?? [];

    internal static ObservedPolicy For(StsPolicy? policy) =>
        policy is null or { Mode: PolicyMode.None } ? NoPolicyFound : new ObservedPolicy(policy);
}
