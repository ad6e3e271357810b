namespace Relay.MtaSts.Stores;

/// <summary>All that the store knows of a domain.</summary>
/// <param name="Policy">Its policy; null for none.</param>
/// <param name="UnknownSince">Since when lookups of its record have failed without a policy at hand; null when they did
/// not.</param>
internal readonly record struct StoredDomain(StoredPolicy? Policy, DateTimeOffset? UnknownSince)
{
    /// <summary>What the store could not be read for; null when it was read.</summary>
    public string? Fault { get; init; }

    /// <summary>Until when the domain has a policy that was known, whether or not the store still has it; null for none known.</summary>
    public DateTimeOffset? LostUntil { get; init; }

    /// <summary>There may have been a policy of which nothing is left.</summary>
    public bool IsDoubtful { get; init; }
}
