using Relay.Mail;
using Relay.MtaSts.Stores;

namespace Relay.MtaSts.Cache;

/// <summary>What memory and store hold of a domain: recalled before each look, and kept up to date.</summary>
internal sealed class DomainMemory(ResilientPolicyStore store, PolicyEvents events, PolicyClock clock)
{
    private static readonly TimeSpan UseGrain = TimeSpan.FromDays(1);

    /// <summary>What is known of a domain, without a policy that has ended.</summary>
    public async ValueTask<DomainState> RecallAsync(
        DomainName domain, DomainState? remembered, CancellationToken cancellationToken) =>
        Expire(await LoadAsync(domain, remembered, cancellationToken));

    /// <summary>As it is known, with a policy that may have ended.</summary>
    public async ValueTask<DomainState> LoadAsync(
        DomainName domain, DomainState? remembered, CancellationToken cancellationToken)
    {
        if (remembered is { StoreFault: null } && !IsEndInDoubt(remembered))
        {
            return remembered;
        }

        var stored = await store.LoadAsync(domain, cancellationToken);
        if (stored.Fault is { } fault)
        {
            return (remembered ?? new DomainState(domain) { UnknownSince = clock.Now }) with
            {
                StoreFault = fault,
                LostUntil = stored.LostUntil,
                IsDoubtful = stored.IsDoubtful,
            };
        }

        var state = new DomainState(domain)
        {
            UnknownSince = Earlier(stored.UnknownSince ?? remembered?.UnknownSince, clock.Now),
            Failure = remembered?.Failure,
            LastFetch = remembered?.LastFetch,
            LostUntil = stored.LostUntil,
            EndsOn = stored.LostUntil,
            IsDoubtful = stored.IsDoubtful,
            DoubtedAt = remembered?.DoubtedAt,
        };
        if (stored.Policy is not { } row)
        {
            return state;
        }

        // A fetch time in the future is a clock that was wrong; the policy lasts max_age from now at most.
        var policy = row.Policy.FetchedAt > clock.Now ? row.Policy with { FetchedAt = clock.Now } : row.Policy;
        return state with
        {
            Policy = policy,
            ExpiresAt = clock.After(policy.ExpiresAt - clock.Now),
            EndsOn = policy == row.Policy ? policy.ExpiresAt : null,
            UsedAt = row.UsedAt,
            LastFetch = state.LastFetch ?? LastFetchOf(row),
        };
    }

    // RFC 8461 §3.2: a policy is applied until its max_age is over, and not after.
    public DomainState Expire(DomainState state)
    {
        if (state.Policy is not { } policy || clock.Timestamp < state.ExpiresAt)
        {
            return state;
        }

        events.Expired(policy);
        return state with { Policy = null, ExpiresAt = long.MaxValue, KeptFor = null };
    }

    /// <summary>Notes that mail asked, to the day.</summary>
    public async ValueTask<DomainState> NoteUseAsync(DomainState state, CancellationToken cancellationToken)
    {
        if (state.Policy is null || clock.Now - state.UsedAt < UseGrain)
        {
            return state;
        }

        if (!await store.TouchAsync(state.Domain, clock.Now, cancellationToken))
        {
            // The store was begun anew since; what memory has is written again, to be refreshed at once.
            await store.SaveAsync(new StoredPolicy(state.Policy, clock.Now, clock.Now), cancellationToken);
        }

        return state with { UsedAt = clock.Now };
    }

    /// <summary>Nothing says whether there is a policy; returns with since when.</summary>
    public async ValueTask<DomainState> NoteUnknownAsync(DomainState state, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.3, §10.2: on first contact silence may hide a policy. Mail waits for a while, but not for ever:
        // the patience runs from the domain's first failed lookup, across restarts, so that it delays a domain only
        // once.
        var since = Earlier(state.UnknownSince, clock.Now) ?? clock.Now;
        if (state.UnknownSince is null)
        {
            await store.SetUnknownAsync(state.Domain, since, cancellationToken);
        }

        return state with { UnknownSince = since };
    }

    /// <summary>DNS has answered.</summary>
    public async ValueTask<DomainState> NoteKnownAsync(DomainState state, CancellationToken cancellationToken)
    {
        if (state.UnknownSince is null || state.StoreFault is not null)
        {
            return state;
        }

        await store.SetUnknownAsync(state.Domain, null, cancellationToken);
        return state with { UnknownSince = null };
    }

    // What the wall clock ended may go on by the same clock, set right since: the store is asked again.
    private bool IsEndInDoubt(DomainState state) =>
        state.EndsOn is { } end && (state.Policy is null || clock.Timestamp >= state.ExpiresAt) && end > clock.Now;

    // The store has no place for fetches that failed, but one has put the refresh off to a time that no success would have set.
    private EndedFetch? LastFetchOf(StoredPolicy row)
    {
        var pause = row.RefreshAt - clock.Now;
        if (pause > TimeSpan.Zero && pause <= PolicyClock.LongestBackOff && !clock.IsRefreshTime(row))
        {
            var backoff = pause < PolicyClock.FirstBackOff ? pause : PolicyClock.FirstBackOff;
            return new EndedFetch(row.Policy.Id, clock.After(backoff - PolicyClock.FirstBackOff));
        }

        return new EndedFetch(row.Policy.Id, clock.After(row.Policy.FetchedAt - clock.Now));
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? stored, DateTimeOffset now) => stored > now ? now : stored;
}
