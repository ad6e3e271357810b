using System.Diagnostics;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>
/// The rules by which a domain's policy is found, kept and replaced. An unexpired policy survives every failure; only a
/// policy fetched by HTTPS replaces it, and only such a fetch moves its end (RFC 8461 §3.3, §5.1, §10.2).
/// </summary>
internal sealed class PolicyUpdater(
    StsRecordLookup records, IPolicyFetcher fetcher, ResilientPolicyStore store, PolicyEvents events, PolicyClock clock)
{
    private static readonly TimeSpan UseGrain = TimeSpan.FromDays(1);

    /// <summary>Looks at the record, and at the policy where the record demands it.</summary>
    public async Task<DomainState> ExamineAsync(
        DomainName domain, DomainState? remembered, CancellationToken cancellationToken)
    {
        var state = await RecallAsync(domain, remembered, cancellationToken);
        state = await NoteUseAsync(state, cancellationToken);
        return await records.LookUpAsync(domain, cancellationToken) switch
        {
            StsRecordAnswer.TemporaryFailure failure =>
                await AfterSilenceAsync(state, failure.Detail, cancellationToken),
            StsRecordAnswer.Definitive answer => await AfterAnswerAsync(state, answer, cancellationToken),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>
    /// Fetches the policy whatever record and back-off say: for the background refresh, and before mail is given up.
    /// Without an unexpired policy the record decides as ever.
    /// </summary>
    public async Task<DomainState> RefreshAsync(
        DomainName domain, DomainState? remembered, CancellationToken cancellationToken)
    {
        var state = await RecallAsync(domain, remembered, cancellationToken);
        var answer = await records.LookUpAsync(domain, cancellationToken);
        var definitive = answer as StsRecordAnswer.Definitive;
        var found = definitive?.Records as StsRecordSet.Found;
        if ((found?.Id ?? state.Policy?.Id) is not { } id)
        {
            return await ExamineAsync(domain, state, cancellationToken);
        }

        // RFC 8461 §3.3, §10.2: the refresh asks for the live policy whatever has become of the record.
        state = await FetchAsync(await KnowAsync(state, cancellationToken), id, cancellationToken);
        return Hold(state, definitive is null ? clock.AfterFailureHold() : clock.AfterHold(definitive.TimeToLive));
    }

    private async ValueTask<DomainState> RecallAsync(
        DomainName domain, DomainState? remembered, CancellationToken cancellationToken)
    {
        if (remembered is { StoreFault: null } && !IsEndInDoubt(remembered))
        {
            return Expire(remembered);
        }

        var stored = await store.LoadAsync(domain, cancellationToken);
        if (stored.Fault is { } fault)
        {
            return Expire(remembered ?? new DomainState(domain) { UnknownSince = clock.Now }) with
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
        return Expire(state with
        {
            Policy = policy,
            ExpiresAt = clock.After(policy.ExpiresAt - clock.Now),
            EndsOn = policy == row.Policy ? policy.ExpiresAt : null,
            UsedAt = row.UsedAt,
        });
    }

    // What the wall clock ended may go on by the same clock, set right since: the store is asked again.
    private bool IsEndInDoubt(DomainState state) =>
        state.EndsOn is { } end && (state.Policy is null || clock.Timestamp >= state.ExpiresAt) && end > clock.Now;

    // RFC 8461 §3.2: a policy is applied until its max_age is over, and not after.
    private DomainState Expire(DomainState state)
    {
        if (state.Policy is not { } policy || clock.Timestamp < state.ExpiresAt)
        {
            return state;
        }

        events.Expired(policy);
        return state with { Policy = null, ExpiresAt = long.MaxValue, KeptFor = null };
    }

    private async ValueTask<DomainState> NoteUseAsync(DomainState state, CancellationToken cancellationToken)
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

    private async ValueTask<DomainState> AfterSilenceAsync(
        DomainState state, string detail, CancellationToken cancellationToken)
    {
        if (state.Policy is not null)
        {
            // RFC 8461 §3.3, §10.2: whoever can silence DNS must not be able to end a policy.
            var failure = new PolicyFailure(TlsResultType.StsPolicyFetchError, "txt-temporary-dns-failure", detail);
            return Hold(
                state with { KeptFor = events.Kept(state, failure, alwaysLog: false) }, clock.AfterFailureHold());
        }

        // RFC 8461 §3.3, §10.2: on first contact silence may hide a policy. Mail waits for a while, but not for ever:
        // the patience runs from the domain's first failed lookup, across restarts, so that it delays a domain only
        // once.
        var since = Earlier(state.UnknownSince, clock.Now) ?? clock.Now;
        if (state.UnknownSince is null)
        {
            await store.SetUnknownAsync(state.Domain, since, cancellationToken);
        }

        state = await RestoreAsync(state with { UnknownSince = since }, cancellationToken);
        return state.Policy is null && !state.IsLost(clock.Now)
            ? HoldMail(state, since, since + clock.Options.UnknownPolicyPatience, detail)
            : Hold(state, clock.AfterFailureHold());
    }

    // RFC 8461 §10.2: a lost policy is asked for as a live one is, whatever has become of the record.
    private async ValueTask<DomainState> RestoreAsync(DomainState state, CancellationToken cancellationToken) =>
        state.IsLost(clock.Now) && MayFetch(state, string.Empty)
            ? await FetchAsync(state, string.Empty, cancellationToken)
            : state;

    // RFC 8461 §3.3: a fetch that failed is not repeated for the same id at once; another id is.
    private bool MayFetch(DomainState state, string id) =>
        state.Failure is not { } failure || failure.Id != id || clock.Timestamp >= failure.RetryAt;

    private DomainState HoldMail(DomainState state, DateTimeOffset since, DateTimeOffset until, string detail)
    {
        var isOver = until <= clock.Now;
        events.Unknown(state.Domain, since, delivers: isOver, detail);
        var due = clock.AfterFailureHold();
        return state with
        {
            Decision = isOver ? PolicyDecision.NoPolicy.Instance : new PolicyDecision.Unknown(until, detail),
            DueAt = isOver ? due : Math.Min(due, clock.After(until - clock.Now)),
        };
    }

    private async ValueTask<DomainState> AfterAnswerAsync(
        DomainState state, StsRecordAnswer.Definitive answer, CancellationToken cancellationToken)
    {
        state = await KnowAsync(state, cancellationToken);
        var due = clock.AfterHold(answer.TimeToLive);
        if (answer.Records is not StsRecordSet.Found found)
        {
            // RFC 8461 §3.1, §5.1: no record, or a broken one, means that no new policy is available; the one at hand
            // stays.
            state = await RestoreAsync(state, cancellationToken);
            return Hold(state with { KeptFor = events.Kept(state, Describe(answer.Records), alwaysLog: false) }, due);
        }

        if (state.Policy is { } policy && policy.Id == found.Id)
        {
            // RFC 8461 §3, §5.1: the same id, the same policy, no request. It proves nothing about the policy's end:
            // DNS is not authenticated, so an id that never changes must not keep an old policy alive.
            return Hold(state with { KeptFor = null }, due);
        }

        if (MayFetch(state, found.Id))
        {
            state = await FetchAsync(state, found.Id, cancellationToken);
        }

        return Hold(state, Math.Min(due, state.Failure?.RetryAt ?? due));
    }

    private async ValueTask<DomainState> FetchAsync(DomainState state, string id, CancellationToken cancellationToken)
    {
        var fetch = await fetcher.FetchAsync(state.Domain, cancellationToken);

        // A fetch takes up to a minute, and a policy may have ended meanwhile.
        state = Expire(state);
        return fetch switch
        {
            PolicyFetch.Fetched fetched => await AdoptAsync(
                state, new CachedPolicy(state.Domain, id, fetched.Policy, clock.Now), cancellationToken),
            PolicyFetch.Failed failed => await BackOffAsync(state, id, failed.Failure, cancellationToken),
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
            UnknownSince = null,
            StoreFault = null,
        };
    }

    private async ValueTask<DomainState> BackOffAsync(
        DomainState state, string id, PolicyFailure failure, CancellationToken cancellationToken)
    {
        var count = state.Failure is { } last && last.Id == id ? last.Count + 1 : 1;
        var pause = PolicyClock.BackOff(count);
        state = state with { Failure = new FailedFetch(id, count, clock.After(pause)) };
        if (state.Policy is null)
        {
            events.Unavailable(state.Domain, id, failure);
            return state;
        }

        // RFC 8461 §3.3, §10.2: whoever can block HTTPS has to do so for the whole of max_age.
        await store.PostponeAsync(state.Domain, clock.Now + pause, cancellationToken);
        return state with { KeptFor = events.Kept(state, failure, alwaysLog: true) };
    }

    private async ValueTask<DomainState> KnowAsync(DomainState state, CancellationToken cancellationToken)
    {
        if (state.UnknownSince is null || state.StoreFault is not null)
        {
            return state;
        }

        await store.SetUnknownAsync(state.Domain, null, cancellationToken);
        return state with { UnknownSince = null };
    }

    private DomainState Hold(DomainState state, long due) => state switch
    {
        { Policy: { } policy } => state with { Decision = new PolicyDecision.Applies(policy), DueAt = Math.Min(due, state.ExpiresAt) },

        _ when state.IsLost(clock.Now) => HoldMail(
            state, clock.Now, state.LostUntil!.Value, "a policy of the domain was lost with the store, and it cannot be fetched now"),

        // RFC 8461 §10.2: the store may hold a policy that whoever hides record or policy host wants forgotten. A store out of order
        // delays mail as a silent DNS does, and as little stops it for ever.
        { StoreFault: { } fault, IsDoubtful: true } => HoldMail(
            state,
            state.UnknownSince ?? clock.Now,
            (state.UnknownSince ?? clock.Now) + clock.Options.UnknownPolicyPatience,
            $"the policy store cannot be read: {fault}"),
        { IsDoubtful: true } => Doubt(state, due),
        _ => state with
        {
            Decision = PolicyDecision.NoPolicy.Instance,
            DueAt = state.StoreFault is null ? due : Math.Min(due, clock.AfterFailureHold()),
        },
    };

    // Policies have been lost, and this may have been one of them: that there is none is believed when it is found twice.
    private DomainState Doubt(DomainState state, long due)
    {
        var first = state.DoubtedAt ?? clock.Timestamp;
        var rest = PolicyClock.SecondLook - clock.Time.GetElapsedTime(first);
        if (rest <= TimeSpan.Zero)
        {
            return state with { Decision = PolicyDecision.NoPolicy.Instance, DueAt = due };
        }

        var until = clock.Now + rest;
        var waiting = HoldMail(state, clock.Now, until, "policies were lost with the store; that the domain has none is looked up twice");
        return waiting with { DoubtedAt = first, DueAt = clock.After(rest) };
    }

    private static PolicyFailure Describe(StsRecordSet records) => records switch
    {
        StsRecordSet.Multiple multiple =>
            FetchError("multiple-txt-records", $"{multiple.Count} records begin with v=STSv1"),
        StsRecordSet.Invalid invalid =>
            FetchError("txt-syntax", $"{invalid.Fault} at octet {invalid.Offset} of the record"),
        _ => FetchError("no-txt-record", "there is no record"),
    };

    private static PolicyFailure FetchError(string reason, string detail) =>
        new(TlsResultType.StsPolicyFetchError, reason, detail);

    private static DateTimeOffset? Earlier(DateTimeOffset? stored, DateTimeOffset now) => stored > now ? now : stored;
}
