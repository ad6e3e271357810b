using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Delivery.Routing;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;
using Relay.Smtp.Grammar;

namespace Relay.Queue;

/// <summary>Takes attempts to the pipeline and puts what they came to into words: for the store and for the log.</summary>
internal sealed class Courier(
    IDeliveryPipeline pipeline, IRouter router, QueueOptions options, TimeProvider clock, ILogger<MailQueue> logger)
{
    private static readonly DeliveryOutcome InternalError = new DeliveryOutcome.Deferred(
        new DeliveryFailure("internal-error", new EnhancedStatusCode(4, 3, 0), "The relay failed to make this attempt"));

    private static readonly DeliveryOutcome Interrupted = new DeliveryOutcome.Deferred(
        new DeliveryFailure("interrupted", new EnhancedStatusCode(4, 3, 2), "The relay was stopped during this attempt"));

    /// <summary>The time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>
    /// The key of the site that serves a destination. A destination that cannot be routed is a site of its own: the
    /// pipeline will say why, and it rests alone.
    /// </summary>
    public async Task<string> FindSiteAsync(string destination, CancellationToken cancellationToken)
    {
        var alone = $"?{destination}";
        try
        {
            var route = await router.RouteAsync(destination, cancellationToken);
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
            QueueLog.AttemptFaulted(logger, fault, attempt.QueueId, attempt.Destination);
        }

        attempt.SettleRemaining(InternalError);
    }

    /// <summary>How long an entry may still be tried.</summary>
    public TimeSpan TimeLeft(QueueEntry entry) => clock.GetElapsedTime(clock.GetTimestamp(), entry.Expiry);

    /// <summary>Logs each recipient and makes what the store is to keep.</summary>
    public SettleAttempt Settle(Consignment consignment, TimeSpan wait)
    {
        var attempt = consignment.Attempt;
        var now = clock.GetUtcNow();
        var log = new DeliveryLog(logger, attempt, options.Lifetime - TimeLeft(consignment.Entry));
        var settlements = new RecipientSettlement[attempt.Recipients.Count];
        for (var index = 0; index < settlements.Length; index++)
        {
            var recipient = attempt.Recipients[index];
            settlements[index] = Settle(consignment.SeqOf(index), recipient, attempt.IsFinal, log, now + wait);
        }

        return new SettleAttempt(consignment.Entry.Id, settlements)
        {
            Attempts = consignment.Entry.Attempts,
            AttemptedAt = now,
            NextAttempt = now + wait,
        };
    }

    private static RecipientSettlement Settle(
        int seq, AttemptRecipient recipient, bool isFinal, DeliveryLog log, DateTimeOffset next)
    {
        switch (recipient.Outcome)
        {
            case DeliveryOutcome.Delivered delivered:
                log.Delivered(recipient.Envelope, delivered);
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);

            case DeliveryOutcome.Deferred(var failure) when isFinal:
                log.Expired(recipient.Envelope, failure);
                return Keep(RecipientState.Expired, failure);

            case DeliveryOutcome.Deferred(var failure):
                log.Deferred(recipient.Envelope, failure, next);
                return Keep(RecipientState.Queued, failure);

            case DeliveryOutcome.Bounced(var failure):
                log.Bounced(recipient.Envelope, failure);
                return Keep(RecipientState.Bounced, failure);

            default:
                throw new UnreachableException();
        }

        RecipientSettlement Keep(RecipientState state, DeliveryFailure failure) =>
            new(seq, state, failure.Status.ToString(), failure.Reply?.ToString() ?? failure.Text);
    }
}
