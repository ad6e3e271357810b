using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>
/// Holds each attempt to its domain's policy (RFC 8461 §5). Enforce: hosts not listed are refused, the others must verify; what
/// fails is passed over like an unreachable host, and with no host left the message waits, it is never returned on the spot
/// and never sent in clear. Testing: as without a policy, and noted. None: as without a policy.
/// </summary>
internal sealed class MtaStsMiddleware(
    IPolicyCache cache, DomainOverrides overrides, PolicyEvaluation evaluation, PolicyClock clock, ILogger<MtaStsMiddleware> logger)
    : IDeliveryMiddleware
{
    /// <inheritdoc/>
    public MiddlewareStage Stage => MiddlewareStage.Policy;

    public async Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.4: an address literal has no policy domain. RFC 8460 §3, §5.3.1: a report goes out in spite of every
        // failure of TLS that it may report on, and is not reported on itself. Without a route nothing is sent.
        if (!clock.Options.Enabled || attempt.IsTlsReport || attempt.RouteFailure is not null || attempt.PolicyDomain is not { } domain)
        {
            await next(attempt, cancellationToken);
            return;
        }

        var word = overrides.For(domain);
        var decision = word == OverrideMode.Off
            ? PolicyDecision.NoPolicy.Instance
            : await DecideAsync(attempt, domain, word, cancellationToken);
        if (decision is PolicyDecision.Unknown unknown)
        {
            attempt.SettleRemaining(PolicyDeferrals.Wait(domain, unknown));
            return;
        }

        var applied = Apply(attempt, domain, decision, word);
        Demand(attempt, applied);
        await next(attempt, cancellationToken);
        var faults = evaluation.Evaluate(attempt, applied);
        if (applied.Mode == PolicyMode.Enforce)
        {
            DeferUnusable(attempt, applied, faults);
        }
    }

    private async ValueTask<PolicyDecision> DecideAsync(
        DeliveryAttempt attempt, DomainName domain, OverrideMode word, CancellationToken cancellationToken)
    {
        var decision = await cache.GetAsync(domain, attempt.QueueId, cancellationToken);

        // RFC 8461 §5, §5.1: no message is given up for a policy, or for want of one, before a newer one was looked for; here the policy
        // itself is fetched, since the one who forgot to change it may have forgotten the id too.
        return attempt.IsFinal
            && (decision is PolicyDecision.Unknown || DomainOverrides.Apply(word, decision.Mode) == PolicyMode.Enforce)
            ? await cache.GetForLastAttemptAsync(domain, attempt.QueueId, cancellationToken)
            : decision;
    }

    private EffectivePolicy Apply(DeliveryAttempt attempt, DomainName domain, PolicyDecision decision, OverrideMode word)
    {
        var published = decision.Mode;
        var mode = DomainOverrides.Apply(word, published);
        if (word == OverrideMode.Off || mode != published)
        {
            logger.Overridden(attempt.QueueId, domain, word, word == OverrideMode.Off ? null : published);
        }

        var policy = (decision as PolicyDecision.Applies)?.Policy;
        if (policy is not null)
        {
            attempt.LogFields.Add(new("sts", PolicyEvaluation.WordFor(mode)));
            attempt.LogFields.Add(new("sts-id", policy.Id));
        }

        return new EffectivePolicy(domain, policy, mode) { IsUnavailable = decision is PolicyDecision.NoPolicy { IsAnnounced: true } };
    }

    private static void Demand(DeliveryAttempt attempt, in EffectivePolicy applied)
    {
        if (applied.Mode != PolicyMode.Enforce)
        {
            return;
        }

        foreach (var host in attempt.Hosts)
        {
            // RFC 8461 §4.1: the name as published in the MX record, or the domain itself as implicit MX. The list stays whole
            // and in order (§5.1): loop detection and other plugins see every host.
            if (applied.Lists(host.Name))
            {
                host.Require(TlsRequirement.VerifiedPkix);
            }
            else
            {
                host.Refuse(new HostRefusal(
                    EffectivePolicy.MxNotListed,
                    new EnhancedStatusCode(4, 7, 0),
                    $"{host} is not listed in the MTA-STS policy of {applied.Domain}"));
            }
        }
    }

    // RFC 8461 §5, §5.1: what a policy prevents is a transient failure, whatever reply or certificate prevented it.
    private static void DeferUnusable(DeliveryAttempt attempt, in EffectivePolicy applied, IReadOnlyList<HostFault> faults)
    {
        if (faults.Count == 0 || attempt.Sessions.Any(session => session.SatisfiesRequirement))
        {
            return;
        }

        var status = faults[0].Status;
        for (var index = 1; index < faults.Count; index++)
        {
            status = faults[index].Status == status ? status : new EnhancedStatusCode(4, 7, 5);
        }

        var outcome = PolicyDeferrals.NoUsableHost(applied, status, faults);
        foreach (var recipient in attempt.Recipients)
        {
            recipient.Outcome = recipient.Outcome is DeliveryOutcome.Delivered delivered ? delivered : outcome;
        }
    }
}
