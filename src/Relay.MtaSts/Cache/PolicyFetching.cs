using System.Diagnostics;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Stores;

namespace Relay.MtaSts.Cache;

/// <summary>
/// Fetches a domain's policy and takes it over, or leaves the host alone for a while. Only a policy fetched by HTTPS replaces
/// another, and only such a fetch moves its end (RFC 8461 §3.3, §5.1, §10.2).
/// </summary>
internal sealed class PolicyFetching(
    FetchQueue queue, DomainMemory memory, ResilientPolicyStore store, PolicyEvents events, PolicyClock clock)
{
    /// <summary>
    /// RFC 8461 §3.3: a fetch that failed is not repeated for the same id at once; another id is. A second change while the domain
    /// should be left alone is not: ids that change at each lookup would make a request of each message.
    /// </summary>
    public bool MayFetch(DomainState state, string id) =>
        state.Failure is not { } failure || clock.Timestamp >= failure.AllowedAt(id);

    /// <summary>A fetch for this id ended so short a time ago that its result will do.</summary>
    public bool IsRecent(DomainState state, string id) =>
        state.LastFetch is { } last && last.Id == id && clock.Time.GetElapsedTime(last.At) < PolicyClock.FirstBackOff;

    /// <summary>Fetches once. Null when too many wait for a place.</summary>
    public async ValueTask<DomainState?> FetchAsync(
        DomainState state, string id, string asker, CancellationToken cancellationToken)
    {
        var isChange = state.Failure is { } last && last.Id != id && clock.Timestamp < last.RetryAt;
        var fetch = await queue.FetchAsync(state.Domain, asker, isFirstContact: state.Policy is null, cancellationToken);

        // A fetch takes up to a minute, and a policy may have ended meanwhile.
        state = memory.Expire(state) with { LastFetch = new EndedFetch(id, clock.Timestamp) };
        return fetch switch
        {
            null => null,
            PolicyFetch.Fetched fetched => await AdoptAsync(
                state, new CachedPolicy(state.Domain, id, fetched.Policy, clock.Now), cancellationToken),
            PolicyFetch.Failed failed => await BackOffAsync(state, (id, isChange), failed.Failure, cancellationToken),
            _ => throw new UnreachableException(),
        };
    }

    private async ValueTask<DomainState> AdoptAsync(
        DomainState state, CachedPolicy policy, CancellationToken cancellationToken)
    {
        events.Fetched(state.Policy, policy);
        if (policy.Policy.MaxAge == TimeSpan.Zero)
        {
            // RFC 8461 §3.2, §5.1: a lifetime of zero applies to the delivery at hand and is not kept.
            await store.RemoveAsync(state.Domain, cancellationToken);
        }
        else
        {
            await store.SaveAsync(
                new StoredPolicy(policy, clock.NextRefresh(policy.Policy.MaxAge), state.UsedAt == default ? clock.Now : state.UsedAt),
                cancellationToken);
        }

        return state with
        {
            Policy = policy,
            ExpiresAt = clock.After(policy.Policy.MaxAge),
            EndsOn = null,
            LostUntil = null,
            DoubtedAt = null,
            UsedAt = state.UsedAt == default ? clock.Now : state.UsedAt,
            Failure = null,
            KeptFor = null,
            StoreFault = null,
        };
    }

    private async ValueTask<DomainState> BackOffAsync(
        DomainState state, (string Id, bool IsChange) asked, PolicyFailure failure, CancellationToken cancellationToken)
    {
        var count = state.Failure is { } last && (last.Id == asked.Id || asked.IsChange) ? last.Count + 1 : 1;
        var pause = PolicyClock.BackOff(count);
        var retryAt = clock.After(pause);
        state = state with
        {
            Failure = new FailedFetch(asked.Id, count, retryAt, OtherIdAt: asked.IsChange ? retryAt : clock.Timestamp),
        };
        if (state.Policy is null)
        {
            events.Unavailable(state.Domain, asked.Id, failure);
            return state;
        }

        // RFC 8461 §3.3, §10.2: whoever can block HTTPS has to do so for the whole of max_age.
        await store.PostponeAsync(state.Domain, clock.Now + pause, cancellationToken);
        return state with { KeptFor = events.Kept(state, failure, alwaysLog: true) };
    }
}
