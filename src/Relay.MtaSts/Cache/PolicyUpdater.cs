using System.Diagnostics;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>
/// The rules by which a domain's policy is found and kept. An unexpired policy survives every failure (RFC 8461 §3.3, §5.1, §10.2).
/// </summary>
internal sealed class PolicyUpdater(
    StsRecordLookup records, PolicyFetching fetching, DomainMemory memory, PolicyEvents events, PolicyClock clock)
{
    /// <summary>
    /// How long mail waits for the policy of a new id while the old one stands. RFC 8461 §5.1 lets the old one be applied and the new
    /// one be fetched behind; where its host is quick, it holds for this message already.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Looks at the record, and at the policy where kind of look or record demand it.</summary>
    public async Task<DomainState> LookAsync(PolicyLook look, DomainState? remembered, CancellationToken cancellationToken)
    {
        var state = await memory.RecallAsync(look.Domain, remembered, cancellationToken);
        look.Knows(state with { Decision = state.Policy is { } policy ? new PolicyDecision.Applies(policy) : PolicyDecision.NoPolicy.Instance });
        return look.Kind == LookKind.Ordinary
            ? await ExamineAsync(look, state, cancellationToken)
            : await RefreshAsync(look, state, cancellationToken);
    }

    /// <summary>What holds by what is remembered, without looking.</summary>
    public async ValueTask<PolicyDecision> RecallAsync(
        DomainName domain, DomainState? remembered, CancellationToken cancellationToken)
    {
        var state = await memory.LoadAsync(domain, remembered, cancellationToken);
        return Hold(clock.Timestamp < state.ExpiresAt ? state : state with { Policy = null }, clock.Timestamp).Decision;
    }

    private async Task<DomainState> ExamineAsync(PolicyLook look, DomainState state, CancellationToken cancellationToken)
    {
        state = await memory.NoteUseAsync(state, cancellationToken);
        return await records.LookUpAsync(look.Domain, cancellationToken) switch
        {
            StsRecordAnswer.TemporaryFailure failure =>
                await AfterSilenceAsync(look, state, failure.Detail, cancellationToken),
            StsRecordAnswer.Definitive answer => await AfterAnswerAsync(look, state, answer, cancellationToken),
            _ => throw new UnreachableException(),
        };
    }

    // Fetches the policy whatever record and back-off say: for the background refresh, and before mail is given up. Without an
    // unexpired policy the record decides as ever.
    private async Task<DomainState> RefreshAsync(PolicyLook look, DomainState state, CancellationToken cancellationToken)
    {
        if (state.Policy is not null)
        {
            // RFC 8461 §5.1: other mail goes on under the policy at hand.
            look.LetGoAfter(TimeSpan.Zero);
        }

        // RFC 8461 §5, §5.1: before mail is given up DNS is asked, and not the memory of what it said. RFC 8461 §3.3: not every such message
        // asks the policy host, which may hang for a minute; what it said a moment ago will do.
        var mayBeRecent = look.Kind == LookKind.Last && state.LastFetch is { } last && fetching.IsRecent(state, last.Id);
        var answer = look.Kind == LookKind.Last && !mayBeRecent
            ? await records.LookUpAfreshAsync(look.Domain, cancellationToken)
            : await records.LookUpAsync(look.Domain, cancellationToken);
        var definitive = answer as StsRecordAnswer.Definitive;
        var found = definitive?.Records as StsRecordSet.Found;
        if ((found?.Id ?? state.Policy?.Id) is not { } id)
        {
            return await ExamineAsync(look, state, cancellationToken);
        }

        if (!mayBeRecent || !(fetching.IsRecent(state, id) || !fetching.MayFetch(state, id)))
        {
            // RFC 8461 §3.3, §10.2: the refresh asks for the live policy whatever has become of the record.
            state = await fetching.FetchAsync(state, id, look.Asker, cancellationToken) ?? state;
        }

        state = await memory.NoteKnownAsync(state, cancellationToken);
        return Hold(
            state, definitive is null ? clock.AfterFailureHold() : clock.AfterHold(definitive.TimeToLive), isAnnounced: found is not null);
    }

    private async ValueTask<DomainState> AfterSilenceAsync(
        PolicyLook look, DomainState state, string detail, CancellationToken cancellationToken)
    {
        if (state.Policy is not null)
        {
            // RFC 8461 §3.3, §10.2: whoever can silence DNS must not be able to end a policy.
            var failure = new PolicyFailure(TlsResultType.StsPolicyFetchError, "txt-temporary-dns-failure", detail);
            return Hold(
                state with { KeptFor = events.Kept(state, failure, alwaysLog: false) }, clock.AfterFailureHold());
        }

        state = await RestoreAsync(look, await memory.NoteUnknownAsync(state, cancellationToken), cancellationToken);
        var since = state.UnknownSince ?? clock.Now;
        return state.Policy is null && !state.IsLost(clock.Now)
            ? HoldMail(state, since, since + clock.Options.UnknownPolicyPatience, detail)
            : Hold(state, clock.AfterFailureHold());
    }

    // RFC 8461 §10.2: a lost policy is asked for as a live one is, whatever has become of the record.
    private async ValueTask<DomainState> RestoreAsync(PolicyLook look, DomainState state, CancellationToken cancellationToken) =>
        state.IsLost(clock.Now) && fetching.MayFetch(state, string.Empty)
            ? await fetching.FetchAsync(state, string.Empty, look.Asker, cancellationToken) ?? state
            : state;

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
        PolicyLook look, DomainState state, StsRecordAnswer.Definitive answer, CancellationToken cancellationToken)
    {
        var due = clock.AfterHold(answer.TimeToLive);
        if (answer.Records is not StsRecordSet.Found found)
        {
            // RFC 8461 §3.1, §5.1: no record, or a broken one, means that no new policy is available; the one at hand
            // stays.
            state = await RestoreAsync(look, await memory.NoteKnownAsync(state, cancellationToken), cancellationToken);
            return Hold(state with { KeptFor = events.Kept(state, Describe(answer.Records), alwaysLog: false) }, due);
        }

        if (state.Policy is { } policy && policy.Id == found.Id)
        {
            // RFC 8461 §3, §5.1: the same id, the same policy, no request. It proves nothing about the policy's end:
            // DNS is not authenticated, so an id that never changes must not keep an old policy alive.
            state = await memory.NoteKnownAsync(state, cancellationToken);
            return Hold(state with { KeptFor = null }, due);
        }

        if (fetching.MayFetch(state, found.Id))
        {
            if (state.Policy is not null)
            {
                look.LetGoAfter(Grace);
            }

            if (await fetching.FetchAsync(state, found.Id, look.Asker, cancellationToken) is not { } fetched)
            {
                return await AfterSilenceAsync(look, state, "too many policies are being fetched", cancellationToken);
            }

            state = fetched;
        }

        state = await memory.NoteKnownAsync(state, cancellationToken);
        return Hold(state, Math.Min(due, state.Failure?.AllowedAt(found.Id) ?? due), isAnnounced: true);
    }

    private DomainState Hold(DomainState state, long due, bool isAnnounced = false) => state switch
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
        { IsDoubtful: true } => Doubt(state, due, isAnnounced),
        _ => state with
        {
            Decision = NoPolicy(state, isAnnounced),
            DueAt = state.StoreFault is null ? due : Math.Min(due, clock.AfterFailureHold()),
        },
    };

    // Policies have been lost, and this may have been one of them: that there is none is believed when it is found twice.
    private DomainState Doubt(DomainState state, long due, bool isAnnounced)
    {
        var first = state.DoubtedAt ?? clock.Timestamp;
        var wait = PolicyClock.SecondLook - clock.Time.GetElapsedTime(first);
        if (wait <= TimeSpan.Zero)
        {
            return state with { Decision = NoPolicy(state, isAnnounced), DueAt = due };
        }

        var until = clock.Now + wait;
        var waiting = HoldMail(state, clock.Now, until, "policies were lost with the store; that the domain has none is looked up twice");
        return waiting with { DoubtedAt = first, DueAt = clock.After(wait) };
    }

    // RFC 8460 §4.3.2.2: to reports a policy that cannot be had is not the same as none.
    private static PolicyDecision.NoPolicy NoPolicy(DomainState state, bool isAnnounced) =>
        isAnnounced && state.Failure is not null ? PolicyDecision.NoPolicy.Announced : PolicyDecision.NoPolicy.Instance;

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
}
