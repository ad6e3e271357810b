using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>What holds for mail to a policy domain now.</summary>
public abstract record PolicyDecision
{
    private PolicyDecision()
    {
    }

    /// <summary>
    /// The mode that holds; <see cref="PolicyMode.None"/> also when there is no policy or nothing is known.
    /// </summary>
    public virtual PolicyMode Mode => PolicyMode.None;

    /// <summary>An unexpired policy applies, whatever became of the last look for a newer one.</summary>
    /// <param name="Policy">The policy.</param>
    public sealed record Applies(CachedPolicy Policy) : PolicyDecision
    {
        /// <inheritdoc/>
        public override PolicyMode Mode => Policy.Policy.Mode;
    }

    /// <summary>
    /// No policy applies: none is published, or none can be had, and none is remembered (RFC 8461 §3.3).
    /// </summary>
    public sealed record NoPolicy : PolicyDecision
    {
        /// <summary>Nothing says that there is one.</summary>
        public static NoPolicy Instance { get; } = new();

        /// <summary>A valid record announces one, which cannot be fetched or is invalid (RFC 8461 §3.3).</summary>
        public static NoPolicy Announced { get; } = new() { IsAnnounced = true };

        /// <summary>A valid record announces a policy.</summary>
        public bool IsAnnounced { get; private init; }
    }

    /// <summary>
    /// Nothing says whether there is a policy: DNS is silent and none is remembered, or the store that may remember one cannot be
    /// read. Mail waits (RFC 8461 §10.2).
    /// </summary>
    /// <param name="Until">When waiting ends and mail goes without a policy.</param>
    /// <param name="Detail">For people: what DNS said, or the store.</param>
    public sealed record Unknown(DateTimeOffset Until, string Detail) : PolicyDecision;
}
