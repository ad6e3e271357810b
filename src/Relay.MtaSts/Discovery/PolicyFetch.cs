using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Discovery;

/// <summary>What one HTTPS fetch came to (RFC 8461 §3.3).</summary>
public abstract record PolicyFetch
{
    private PolicyFetch()
    {
    }

    /// <summary>A policy.</summary>
    public sealed record Fetched(StsPolicy Policy) : PolicyFetch;

    /// <summary>No policy.</summary>
    public sealed record Failed(PolicyFailure Failure) : PolicyFetch;
}
