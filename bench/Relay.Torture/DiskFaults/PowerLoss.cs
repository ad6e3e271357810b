namespace Relay.Torture.DiskFaults;

/// <summary>What a power loss leaves of pages that were written and not made durable.</summary>
public enum PowerLoss
{
    /// <summary>What was there before.</summary>
    Old = 0,

    /// <summary>Zeros, in place of every octet that was to change.</summary>
    Torn,

    /// <summary>Of each page, at random, the old or the new, but for those whose fsync failed; so the order of writes is lost.</summary>
    Some,
}
