using Relay.Delivery;
using Relay.MtaSts.Evidence;

namespace Relay.MtaSts.Enforcement;

/// <summary>Turns sessions and refused hosts into evidence for reports (RFC 8460 §4).</summary>
internal sealed class SessionObservations(TlsReportSink outlet, PolicyClock clock)
{
    public bool IsWanted => outlet.IsOpen;

    /// <summary>A session, counted once for its connection and policy domain.</summary>
    public void Add(TlsSessionRecord session, IReadOnlyList<ObservedFailure> failures, in EffectivePolicy applied)
    {
        // RFC 8460 §4.2: sessions are counted, not messages.
        if (!outlet.IsOpen || !session.IsFirstUse)
        {
            return;
        }

        outlet.Add(new TlsObservation
        {
            PolicyDomain = applied.Domain,
            Policy = PolicyOf(applied),
            Count = failures.Count > 0 ? ObservationCount.Failure : ObservationCount.Success,
            Failures = failures,
            MxHost = session.Host.ToString(),
            SendingAddress = session.LocalAddress,
            ReceivingAddress = session.RemoteAddress,
            ReceivingHelo = session.PeerHelloName,
            Time = session.Time,
        });
    }

    /// <summary>A host refused before any connection.</summary>
    public void Add(MxHost refused, in EffectivePolicy applied)
    {
        if (!outlet.IsOpen)
        {
            return;
        }

        outlet.Add(new TlsObservation
        {
            PolicyDomain = applied.Domain,
            Policy = PolicyOf(applied),
            Count = ObservationCount.Failure,
            Failures = SessionJudgement.NotListed,
            MxHost = refused.ToString(),
            Time = clock.Now,
        });
    }

    // RFC 8461 §5, §6: mode none, and a domain whose policy the operator has switched off, count as no policy.
    private static ObservedPolicy PolicyOf(in EffectivePolicy applied) =>
        ObservedPolicy.For(applied.Judges ? applied.Policy?.Policy : null);
}
