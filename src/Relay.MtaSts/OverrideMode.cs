namespace Relay.MtaSts;

/// <summary>What an operator may say about a domain's policy.</summary>
public enum OverrideMode
{
    /// <summary>Nothing; not a valid setting.</summary>
    None = 0,

    /// <summary>A policy in testing is enforced.</summary>
    Enforce,

    /// <summary>An enforced policy is treated as testing.</summary>
    Testing,

    /// <summary>The domain's policy is neither looked for nor applied.</summary>
    Off,
}
