using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>
/// Looks at an attempt on its way back: says of each session what the policy found, and tells what the policy ruled out, or would have
/// ruled out.
/// </summary>
internal sealed class PolicyEvaluation(TlsReportSink sink, PolicyClock clock, StsMetrics metrics, ILogger<PolicyEvaluation> logger)
{
    /// <summary>Judges every session and refused host; returns what the policy ruled out, in the order of trial.</summary>
    public IReadOnlyList<HostFault> Evaluate(DeliveryAttempt attempt, in EffectivePolicy policy)
    {
        if (!policy.Judges)
        {
            if (policy.IsUnavailable)
            {
                CountWithoutPolicy(attempt);
            }

            return [];
        }

        List<HostFault>? faults = null;
        EvaluateRefusals(attempt, policy, ref faults);
        for (var index = 0; index < attempt.Sessions.Count; index++)
        {
            EvaluateSession(attempt, attempt.Sessions[index], policy, ref faults);
        }

        // RFC 8461 §10.1, §10.4: the line that tells of each recipient's fate says by which pattern its host was allowed.
        if (attempt.Sessions.Count > 0 && policy.PatternOf(attempt.Sessions[^1].Host.Name) is { } pattern)
        {
            attempt.LogFields.Add(new("pattern", pattern.Text));
        }

        return faults ?? (IReadOnlyList<HostFault>)[];
    }

    // RFC 8460 §4.3.2.2, §4.4: what keeps the policy from being had stands in its entry, so the sessions stand there too. Without the
    // policy TLS is all one can ask of them.
    private static void CountWithoutPolicy(DeliveryAttempt attempt)
    {
        foreach (var session in attempt.Sessions)
        {
            if (session.IsFirstUse)
            {
                session.Judge(StsPolicy.Unavailable, SessionFailures.WithoutPolicy(session));
            }
        }
    }

    private void EvaluateRefusals(DeliveryAttempt attempt, in EffectivePolicy policy, ref List<HostFault>? faults)
    {
        if (policy.Mode != PolicyMode.Enforce)
        {
            return;
        }

        // RFC 8461 §5.1: a host that fails is handled like one that cannot be reached, when its turn comes; one behind the host
        // that took the mail was never in question.
        var tried = HostsTried(attempt);
        for (var index = 0; index < tried; index++)
        {
            var host = attempt.Hosts[index];
            if (host.Refusal is { Reason: EffectivePolicy.MxNotListed })
            {
                var fault = new HostFault(host, EffectivePolicy.NotListed, string.Empty);
                (faults ??= []).Add(fault);
                Log(attempt, fault, policy);
                Report(host, policy);
            }
        }
    }

    private void EvaluateSession(
        DeliveryAttempt attempt, TlsSessionRecord session, in EffectivePolicy policy, ref List<HostFault>? faults)
    {
        var failures = policy.FailuresOf(session);
        if (session.IsFirstUse)
        {
            session.Judge(policy.Observed, failures);
        }

        if (failures.Count > 0)
        {
            var fault = new HostFault(session.Host, failures, session.Tls?.Verdict.Detail ?? string.Empty);
            (faults ??= []).Add(fault);
            Log(attempt, fault, policy);
        }
        else if (session.IsFirstUse && logger.IsEnabled(LogLevel.Debug))
        {
            logger.Verified(
                attempt.QueueId, policy.Domain, session.Host, WordFor(policy.Mode), policy.Policy!.Id, policy.PatternOf(session.Host.Name), "pkix");
        }
    }

    // RFC 8460 §4.3.2.1: a host refused before any connection has no session that could carry the judgement.
    private void Report(MxHost refused, in EffectivePolicy policy)
    {
        if (sink.IsOpen)
        {
            sink.Add(new TlsObservation
            {
                PolicyDomain = policy.Domain,
                Policy = policy.Observed,
                Count = ObservationCount.Failure,
                Failures = EffectivePolicy.NotListed,
                MxHost = refused.ToString(),
                Time = clock.Now,
            });
        }
    }

    private void Log(DeliveryAttempt attempt, in HostFault fault, in EffectivePolicy policy)
    {
        var (reason, sts, id, text) = (fault.Reason, WordFor(policy.Mode), policy.Policy?.Id, fault.ToString());
        var pattern = policy.PatternOf(fault.Host.Name);
        if (policy.Mode == PolicyMode.Testing)
        {
            logger.WouldBeRefused(attempt.QueueId, policy.Domain, fault.Host, reason, sts, id, pattern, text);
            return;
        }

        logger.MxRefused(attempt.QueueId, policy.Domain, fault.Host, reason, sts, id, pattern, text);
        metrics.CountRefusal(reason);
    }

    // How many hosts, from the first, had their turn: all, unless one of them could be used.
    private static int HostsTried(DeliveryAttempt attempt)
    {
        if (!attempt.Sessions.Any(session => session.SatisfiesRequirement))
        {
            return attempt.Hosts.Count;
        }

        var last = 0;
        for (var index = 0; index < attempt.Hosts.Count; index++)
        {
            if (attempt.Sessions.Any(session => ReferenceEquals(session.Host, attempt.Hosts[index])))
            {
                last = index;
            }
        }

        return last + 1;
    }

    /// <summary>The word of a mode in logs.</summary>
    public static string WordFor(PolicyMode mode) => mode switch
    {
        PolicyMode.Enforce => "enforce",
        PolicyMode.Testing => "testing",
        _ => "none",
    };
}
