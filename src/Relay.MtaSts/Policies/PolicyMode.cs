namespace Relay.MtaSts.Policies;

/// <summary>What a policy asks of senders (RFC 8461 §5); a greater value is stricter.</summary>
public enum PolicyMode
{
    /// <summary>No active policy.</summary>
    None = 0,

    /// <summary>Failures are reported, mail is delivered as without a policy.</summary>
    Testing,

    /// <summary>No message goes to a host that fails the policy.</summary>
    Enforce,
}
