namespace Relay.Delivery.Observations;

/// <summary>The policy that an observation stands under (RFC 8460 §4.4), as a plugin knows it.</summary>
/// <param name="Type">policy-type.</param>
/// <param name="Strings">policy-string, line by line as published (RFC 8460 §4.5); empty for none.</param>
/// <param name="MxPatterns">mx-host; empty for none.</param>
/// <remarks>
/// Equal when the lists are the same objects: whoever judges many sessions by one policy gives the same lists each time, and a count
/// costs no comparison of texts.
/// </remarks>
public sealed record ObservedPolicy(ObservedPolicyType Type, IReadOnlyList<string> Strings, IReadOnlyList<string> MxPatterns)
{
    /// <summary>No policy, or one of mode none (RFC 8461 §5, §6).</summary>
    public static ObservedPolicy NoPolicyFound { get; } = new(ObservedPolicyType.NoPolicyFound, [], []);
}
