using Microsoft.Extensions.Logging;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>Tells the operator and the reports what becomes of policies.</summary>
internal sealed class PolicyEvents(TlsReportSink sink, PolicyClock clock, ILogger<PolicyEvents> logger)
{
    private const int PatternsShown = 16;

    public void Fetched(CachedPolicy? old, CachedPolicy fresh)
    {
        var (domain, id, mode, expires) = (fresh.Domain, fresh.Id, fresh.Policy.Mode, fresh.ExpiresAt);
        if (old is null)
        {
            logger.PolicyFirstSeen(domain, mode, id, expires);
            return;
        }

        if (string.Equals(old.Policy.Text, fresh.Policy.Text, StringComparison.Ordinal))
        {
            logger.PolicyRenewed(domain, mode, id, expires);
            return;
        }

        var patterns = string.Join(' ', fresh.Policy.MxPatterns.Take(PatternsShown));
        logger.PolicyChanged(domain, mode, old.Policy.Mode, id, patterns);
        if (mode < old.Policy.Mode)
        {
            logger.PolicyWeakened(domain, mode, old.Policy.Mode, id, "a weaker policy was published");
        }
    }

    public void Expired(CachedPolicy policy)
    {
        logger.PolicyExpired(policy.Domain, policy.Policy.Mode, policy.Id);
        if (policy.Policy.Mode == PolicyMode.Enforce)
        {
            logger.PolicyWeakened(policy.Domain, PolicyMode.None, PolicyMode.Enforce, policy.Id, "the policy expired");
        }
    }

    /// <summary>A look for the record or the policy failed while an unexpired policy stands.</summary>
    /// <returns>The reason, to be kept in <see cref="DomainState.KeptFor"/>.</returns>
    public string? Kept(DomainState state, PolicyFailure failure, bool alwaysLog)
    {
        // RFC 8461 §3.3, §6, §10.2: with mode none nothing is at stake; no alert, no report.
        if (state.Policy is not { Policy.Mode: not PolicyMode.None } kept)
        {
            return state.KeptFor;
        }

        if (failure.Type == TlsResultType.StsPolicyInvalid)
        {
            logger.PolicyInvalid(kept.Domain, failure.Reason, failure.Detail);
        }

        if (alwaysLog || state.KeptFor != failure.Reason)
        {
            logger.PolicyKept(kept.Domain, kept.Policy.Mode, kept.Id, kept.ExpiresAt, failure.Reason, failure.Detail);
        }

        Report(kept.Domain, kept.Policy, failure);
        return failure.Reason;
    }

    /// <summary>A valid record stands in DNS, its policy cannot be had, and no other is left.</summary>
    public void Unavailable(DomainName domain, string id, PolicyFailure failure)
    {
        if (failure.Type == TlsResultType.StsPolicyInvalid)
        {
            logger.PolicyInvalid(domain, failure.Reason, failure.Detail);
        }
        else
        {
            logger.PolicyUnavailable(domain, id, failure.Reason, failure.Detail);
        }

        // RFC 8461 §6: a retrieval that fails under a valid record is reported.
        Report(domain, null, failure);
    }

    public void Unknown(DomainName domain, DateTimeOffset since, bool delivers, string detail) =>
        logger.PolicyUnknown(domain, since, delivers, detail);

    private void Report(DomainName domain, StsPolicy? policy, PolicyFailure failure)
    {
        if (sink.IsOpen)
        {
            sink.Add(new TlsObservation
            {
                PolicyDomain = domain,
                Policy = policy?.Observed ?? StsPolicy.Unavailable,
                Count = ObservationCount.DetailsOnly,
                Failures = [new ObservedFailure(failure.Type, failure.Reason)],
                Time = clock.Now,
            });
        }
    }
}
