using Relay.Delivery;
using Relay.Delivery.Observations;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// Counts the sessions of each attempt, once for its connection and policy domain (RFC 8460 §4.2), under every policy that judged it;
/// a session that nobody judged stands under no-policy-found, whatever its certificate.
/// </summary>
internal sealed class SessionCounting(TlsReportSink sink) : IDeliveryMiddleware
{
    /// <inheritdoc/>
    public MiddlewareStage Stage => MiddlewareStage.Report;

    public async Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken)
    {
        await next(attempt, cancellationToken);

        // RFC 8460 §5.3.1: a report is not reported on itself. RFC 8461 §3.4: an address literal has no policy domain.
        if (!sink.IsOpen || attempt.IsTlsReport || attempt.PolicyDomain is null)
        {
            return;
        }

        for (var index = 0; index < attempt.Sessions.Count; index++)
        {
            if (attempt.Sessions[index] is { IsFirstUse: true } session)
            {
                Count(attempt, session);
            }
        }
    }

    private void Count(DeliveryAttempt attempt, TlsSessionRecord session)
    {
        if (session.Judgements.Count == 0)
        {
            Count(attempt, session, ObservedPolicy.NoPolicyFound, SessionFailures.WithoutPolicy(session));
            return;
        }

        foreach (var (policy, failures) in session.Judgements)
        {
            Count(attempt, session, policy, failures);
        }
    }

    private void Count(
        DeliveryAttempt attempt, TlsSessionRecord session, ObservedPolicy policy, IReadOnlyList<ObservedFailure> failures) =>
        sink.Add(new TlsObservation
        {
            PolicyDomain = attempt.PolicyDomain!.Value,
            Policy = policy,
            Count = failures.Count > 0 ? ObservationCount.Failure : ObservationCount.Success,
            Failures = failures,
            MxHost = session.Host.ToString(),
            SendingAddress = session.LocalAddress,
            ReceivingAddress = session.RemoteAddress,
            ReceivingHelo = session.PeerHelloName,
            Time = session.Time,
        });
}
