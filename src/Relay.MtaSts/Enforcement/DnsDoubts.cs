using System.Collections.Concurrent;
using Relay.Delivery;
using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>
/// RFC 8461 §10.2: an attacker who can forge DNS shall delay the mail to a domain with a policy, and not return it. What DNS alone says
/// against such a domain is believed when servers that were asked afresh say it again, five minutes after the first time.
/// </summary>
internal sealed class DnsDoubts(IPolicyCache policies, DomainOverrides overrides, PolicyClock clock, IDnsCache? cache = null) : IDeliveryMiddleware
{
    /// <summary>How long the first answer is doubted.</summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromMinutes(5);

    // What was said longer ago than that is no first time: DNS may have been right in between.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    // Only domains whose enforced policy is remembered come in here. One that is pushed out is doubted once more.
    private const int MaxDomains = 10_000;

    private readonly ConcurrentDictionary<DomainName, FirstTime> _firstTimes = new();

    /// <inheritdoc/>
    public MiddlewareStage Stage => MiddlewareStage.Policy;

    public async Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken)
    {
        await next(attempt, cancellationToken);

        // When its time is over, a message is returned whatever the reason.
        if (!clock.Options.Enabled || attempt.PolicyDomain is not { } domain || attempt.IsFinal || attempt.IsTlsReport)
        {
            return;
        }

        if (attempt.Sessions.Count > 0)
        {
            // DNS led to a host: what it said before was not its last word.
            _firstTimes.TryRemove(domain, out _);
        }

        if (attempt.Recipients.Select(SaidByDns).FirstOrDefault(failure => failure is not null) is { } said)
        {
            await DoubtAsync(attempt, domain, said, cancellationToken);
        }
    }

    private async ValueTask DoubtAsync(
        DeliveryAttempt attempt, DomainName domain, DeliveryFailure said, CancellationToken cancellationToken)
    {
        var decision = await policies.RecallAsync(domain, cancellationToken);
        var mode = DomainOverrides.Apply(overrides.For(domain), decision.Mode);
        DeliveryOutcome? outcome = decision switch
        {
            PolicyDecision.Unknown unknown => PolicyDeferrals.Wait(domain, unknown),
            PolicyDecision.Applies { Policy: var policy } when mode == PolicyMode.Enforce =>
                PolicyDeferrals.Doubt(new EffectivePolicy(domain, policy, mode), said),
            _ => null,
        };
        if (outcome is null || IsConfirmed(domain, said))
        {
            return;
        }

        ForgetAnswers(attempt, domain);
        foreach (var recipient in attempt.Recipients)
        {
            recipient.Outcome = SaidByDns(recipient) is null ? recipient.Outcome : outcome;
        }
    }

    // RFC 4035 §3.2.3: what a trusted resolver has validated, nobody on the path has made up.
    private static DeliveryFailure? SaidByDns(AttemptRecipient recipient) =>
        recipient.Outcome is DeliveryOutcome.Bounced { Failure: { SaidByDns.IsAuthenticated: false } failure } ? failure : null;

    // So that the next attempt asks the servers, and not the memory of what may have been forged to last.
    private void ForgetAnswers(DeliveryAttempt attempt, DomainName domain)
    {
        cache?.Forget(domain, DnsRecordType.Mx);
        foreach (var host in attempt.Hosts)
        {
            cache?.Forget(host.Name, DnsRecordType.A);
            cache?.Forget(host.Name, DnsRecordType.Aaaa);
        }
    }

    private bool IsConfirmed(DomainName domain, DeliveryFailure failure)
    {
        if (_firstTimes.TryGetValue(domain, out var first) && first.Reason == failure.Reason
            && clock.Time.GetElapsedTime(first.At, clock.Timestamp) < Lifetime)
        {
            return clock.Time.GetElapsedTime(first.At, failure.SaidByDns!.ReceivedAt ?? clock.Timestamp) >= Doubt;
        }

        if (_firstTimes.Count >= MaxDomains)
        {
            _firstTimes.TryRemove(_firstTimes.MinBy(entry => entry.Value.At).Key, out _);
        }

        _firstTimes[domain] = new FirstTime(failure.Reason, clock.Timestamp);
        return false;
    }

    private readonly record struct FirstTime(string Reason, long At);
}
