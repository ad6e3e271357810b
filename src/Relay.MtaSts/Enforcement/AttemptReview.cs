using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>Looks at an attempt on its way back: what the policy ruled out, or would have ruled out.</summary>
internal sealed class AttemptReview(SessionObservations evidence, StsMetrics metrics, ILogger<AttemptReview> logger)
{
    /// <summary>Records every session and refused host; returns what the policy ruled out, in the order of trial.</summary>
    public IReadOnlyList<HostFault> Review(DeliveryAttempt attempt, in EffectivePolicy applied)
    {
        if (!applied.Judges && !evidence.IsWanted)
        {
            return [];
        }

        var faults = new List<HostFault>();
        ReviewRefusals(attempt, applied, faults);
        for (var index = 0; index < attempt.Sessions.Count; index++)
        {
            ReviewSession(attempt, attempt.Sessions[index], applied, faults);
        }

        return faults;
    }

    private void ReviewRefusals(DeliveryAttempt attempt, in EffectivePolicy applied, List<HostFault> faults)
    {
        if (applied.Mode != PolicyMode.Enforce)
        {
            return;
        }

        // RFC 8461 §5.1: a host that fails is handled like one that cannot be reached, when its turn comes; one behind the host
        // that took the mail was never in question.
        var tried = HostsTried(attempt);
        for (var index = 0; index < tried; index++)
        {
            var host = attempt.Hosts[index];
            if (host.Refusal is { Reason: SessionJudgement.MxNotListed })
            {
                var fault = new HostFault(host, SessionJudgement.NotListed, string.Empty);
                faults.Add(fault);
                Log(attempt, fault, applied);
                evidence.Add(host, applied);
            }
        }
    }

    private void ReviewSession(DeliveryAttempt attempt, TlsSessionRecord session, in EffectivePolicy applied, List<HostFault> faults)
    {
        var failures = SessionJudgement.Judge(session, applied);
        evidence.Add(session, failures, applied);
        if (!applied.Judges)
        {
            return;
        }

        if (failures.Count > 0)
        {
            var fault = new HostFault(session.Host, failures, session.Tls?.Verdict.Detail ?? string.Empty);
            faults.Add(fault);
            Log(attempt, fault, applied);
        }
        else if (session.IsFirstUse && logger.IsEnabled(LogLevel.Debug))
        {
            applied.Policy!.Policy.TryMatch(session.Host.Name, out var pattern);
            logger.Verified(attempt.QueueId, applied.Domain, session.Host, WordFor(applied.Mode), applied.Policy.Id, pattern, "pkix");
        }
    }

    private void Log(DeliveryAttempt attempt, in HostFault fault, in EffectivePolicy applied)
    {
        var (reason, sts, id, text) = (fault.Reason, WordFor(applied.Mode), applied.Policy?.Id, fault.ToString());
        if (applied.Mode == PolicyMode.Testing)
        {
            logger.WouldBeRefused(attempt.QueueId, applied.Domain, fault.Host, reason, sts, id, text);
            return;
        }

        logger.MxRefused(attempt.QueueId, applied.Domain, fault.Host, reason, sts, id, text);
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
