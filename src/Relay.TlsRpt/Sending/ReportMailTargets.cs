using Microsoft.Extensions.Options;
using Relay.Delivery;

namespace Relay.TlsRpt.Sending;

/// <summary>
/// Keeps report mail on the public Internet: its recipients are chosen by whoever writes a record (RFC 8460 §7), and
/// <c>Delivery:AllowPrivateHosts</c> was set for mail that people write.
/// </summary>
internal sealed class ReportMailTargets(IOptions<TlsRptOptions> options) : IDeliveryMiddleware
{
    /// <inheritdoc/>
    public MiddlewareStage Stage => MiddlewareStage.Message;

    public Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken)
    {
        if (attempt.IsTlsReport && !options.Value.AllowPrivateHosts)
        {
            foreach (var host in attempt.Hosts)
            {
                host.RequirePublicAddress();
            }
        }

        return next(attempt, cancellationToken);
    }
}
