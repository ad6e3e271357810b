using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Delivery.Routing;
using Relay.Mail;

namespace Relay.Queue.Delivering;

/// <summary>Takes attempts to the pipeline, and looks after the faults of those who deliver.</summary>
internal sealed class DeliveryRunner(IDeliveryPipeline pipeline, IRouter router, ILogger<MailQueue> logger)
{
    /// <summary>The reason of recipients whose attempt was broken off by a stop.</summary>
    public const string InterruptedReason = "interrupted";

    private static readonly DeliveryOutcome InternalError = new DeliveryOutcome.Deferred(
        new DeliveryFailure("internal-error", new EnhancedStatusCode(4, 3, 0), "The relay failed to make this attempt"));

    private static readonly DeliveryOutcome Interrupted = new DeliveryOutcome.Deferred(
        new DeliveryFailure(InterruptedReason, new EnhancedStatusCode(4, 3, 2), "The relay was stopped during this attempt"));

    /// <summary>
    /// The key of the site that serves a destination. A destination that cannot be routed is a site of its own: the
    /// pipeline will say why, and it backs off alone.
    /// </summary>
    public async Task<string> FindSiteAsync(string destination, CancellationToken cancellationToken)
    {
        var alone = $"?{destination}";
        try
        {
            var route = await router.RouteAsync(MailDomain.Of(destination), cancellationToken);
            return route is RouteResult.Found found ? found.SiteKey : alone;
        }
#pragma warning disable CA1031 // A fault in one destination's route must not keep its mail, and no other's, from going on.
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            QueueLog.AttemptFaulted(logger, fault, string.Empty, destination);
            return alone;
        }
    }

    /// <summary>Runs an attempt; on return every recipient has an outcome. Throws only when cancelled.</summary>
    public async Task DeliverAsync(DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            await pipeline.DeliverAsync(attempt, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (attempt.Recipients.All(recipient => recipient.Outcome is null))
            {
                throw;
            }

            // Broken off, but what is known is worth keeping: it spares the peer a second copy.
            attempt.SettleRemaining(Interrupted);
        }
#pragma warning disable CA1031 // A fault of ours in one attempt, a stray cancellation too, defers that message; the relay goes on.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            QueueLog.AttemptFaulted(logger, fault, attempt.QueueId, attempt.Destination.Key);
        }

        attempt.SettleRemaining(InternalError);
    }
}
