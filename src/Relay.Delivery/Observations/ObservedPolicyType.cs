namespace Relay.Delivery.Observations;

/// <summary>The kinds of policy that reports know (RFC 8460 §4.4, policy-type).</summary>
public enum ObservedPolicyType
{
    /// <summary><c>no-policy-found</c>.</summary>
    NoPolicyFound = 0,

    /// <summary><c>sts</c>: a policy of MTA-STS (RFC 8461).</summary>
    Sts,
}
