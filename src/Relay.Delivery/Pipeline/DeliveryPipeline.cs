using Microsoft.Extensions.Logging;
using Relay.Delivery.Routing;
using Relay.Delivery.Transport;

namespace Relay.Delivery.Pipeline;

/// <summary>Routing, then the middleware by stage, whether or not there is a route, then the transport or the route's failure.</summary>
internal sealed class DeliveryPipeline : IDeliveryPipeline
{
    private static readonly DeliveryOutcome Unsettled = new DeliveryOutcome.Deferred(new(
        FailureReason.InternalError, new(4, 3, 0), "a fault of this relay; the message is kept and tried again"));

    private readonly IRouter _router;
    private readonly DeliveryStep _steps;
    private readonly ILogger<DeliveryPipeline> _logger;

    public DeliveryPipeline(
        IRouter router,
        IEnumerable<IDeliveryMiddleware> middleware,
        SmtpTransport transport,
        ILogger<DeliveryPipeline> logger)
    {
        _router = router;
        _logger = logger;
        _steps = middleware.OrderByDescending(plugin => plugin.Stage).Aggregate<IDeliveryMiddleware, DeliveryStep>(
            (attempt, cancellationToken) => FinishAsync(transport, attempt, cancellationToken),
            (next, plugin) => (attempt, cancellationToken) => plugin.InvokeAsync(attempt, next, cancellationToken));
    }

    public async Task DeliverAsync(DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        var explanation = "a step left recipients unsettled";
        Exception? cause = null;
        try
        {
            await RouteAndRunAsync(attempt, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A bug in a plugin or in the transport must not cost a message: it stays queued.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            (explanation, cause) = (fault.Message, fault);
        }

        if (cause is not null || attempt.Recipients.Any(recipient => recipient.Outcome is null))
        {
            _logger.Fault(attempt.QueueId, attempt.Destination.Key, explanation, cause);
            attempt.SettleRemaining(Unsettled);
        }
    }

    private async Task RouteAndRunAsync(DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        switch (await _router.RouteAsync(attempt.Destination, cancellationToken))
        {
            case RouteResult.None none:
                (attempt.RouteFailure, attempt.PolicyDomain) = (none.Outcome, none.PolicyDomain);
                break;
            case RouteResult.Found found:
                (attempt.Hosts, attempt.PolicyDomain) = (found.Hosts, found.PolicyDomain);
                break;
        }

        await _steps(attempt, cancellationToken);
    }

    private static Task FinishAsync(SmtpTransport transport, DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.RouteFailure is not { } failure)
        {
            return transport.DeliverAsync(attempt, cancellationToken);
        }

        attempt.SettleRemaining(failure);
        return Task.CompletedTask;
    }
}
