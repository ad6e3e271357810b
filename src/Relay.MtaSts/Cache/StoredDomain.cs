namespace Relay.MtaSts.Cache;

/// <summary>All that the store knows of a domain.</summary>
/// <param name="Policy">Its policy; null for none.</param>
/// <param name="UnknownSince">Since when lookups of its record have failed without a policy at hand; null when they did
/// not.</param>
internal readonly record struct StoredDomain(StoredPolicy? Policy, DateTimeOffset? UnknownSince)
{
    /// <summary>What the store could not be read for; null when it was read.</summary>
    public string? Fault { get; init; }
}
