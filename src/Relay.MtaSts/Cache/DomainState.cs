using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>All that memory knows of one domain: a snapshot, replaced as a whole.</summary>
internal sealed record DomainState(DomainName Domain)
{
    // An entry without its policy text: the objects, the key, the cache's own bookkeeping.
    private const int FixedOctets = 1_024;

    /// <summary>What holds until <see cref="DueAt"/>.</summary>
    public PolicyDecision Decision { get; init; } = PolicyDecision.NoPolicy.Instance;

    /// <summary>
    /// The timestamp from which on the record has to be looked at again; never later than <see cref="ExpiresAt"/>.
    /// </summary>
    public long DueAt { get; init; }

    /// <summary>The unexpired policy; null for none.</summary>
    public CachedPolicy? Policy { get; init; }

    /// <summary>
    /// The timestamp at which the policy ends. Monotonic: a wall clock set wrong ends no policy early.
    /// </summary>
    public long ExpiresAt { get; init; } = long.MaxValue;

    /// <summary>
    /// When the policy ends by the wall clock, as the store has it, also of one found ended: a clock that was wrong may have ended it. Null
    /// where the wall clock had no say.
    /// </summary>
    public DateTimeOffset? EndsOn { get; init; }

    /// <summary>Until when the domain has a policy that was lost, if none is at hand; null for none.</summary>
    public DateTimeOffset? LostUntil { get; init; }

    /// <summary>There may have been a policy of which nothing is left.</summary>
    public bool IsDoubtful { get; init; }

    /// <summary>The timestamp of the first look that found no policy while that was doubtful.</summary>
    public long? DoubtedAt { get; init; }

    /// <summary>When mail last asked, to the day, as the store has it.</summary>
    public DateTimeOffset UsedAt { get; init; }

    /// <summary>The store could not be read for this, so that it may hold a policy which is not here; null when it was read.</summary>
    public string? StoreFault { get; init; }

    /// <summary>Since when the record cannot be looked up, or the store not read, with no policy at hand; null when they can.</summary>
    public DateTimeOffset? UnknownSince { get; init; }

    /// <summary>The last fetch; null when none is known of.</summary>
    public EndedFetch? LastFetch { get; init; }

    /// <summary>The last fetch failed; null when it did not.</summary>
    public FailedFetch? Failure { get; init; }

    /// <summary>The reason last logged for keeping the policy, so that it is not logged again at every look.</summary>
    public string? KeptFor { get; init; }

    /// <summary>For the memory's limit; the text is stored in UTF-16 at worst.</summary>
    public long Octets =>
        FixedOctets + (2L * (Policy?.Policy.Text.Length ?? 0)) + (64L * (Policy?.Policy.MxPatterns.Count ?? 0));

    /// <summary>A policy that was known has not ended and is not at hand.</summary>
    public bool IsLost(DateTimeOffset now) => Policy is null && LostUntil > now;

    /// <summary>The decision holds as it is: nobody has to look again.</summary>
    public bool IsCurrent(PolicyClock clock) =>
        clock.Timestamp < DueAt && !(EndsOn is { } end && Decision is PolicyDecision.NoPolicy && end > clock.Now);

    /// <summary>The state says that a policy of this mode is in force.</summary>
    public bool Holds(PolicyMode atLeast) => Policy is { } policy && policy.Policy.Mode >= atLeast;
}
