using Relay.Mail;

namespace Relay.Delivery;

/// <summary>What an attempt came to for one recipient.</summary>
public abstract record DeliveryOutcome
{
    private DeliveryOutcome()
    {
    }

    /// <summary>The status for logs and notifications (RFC 3463).</summary>
    public abstract EnhancedStatusCode Status { get; }

    /// <summary>The next hop took the message.</summary>
    /// <param name="Reply">Its reply to the end of data.</param>
    /// <param name="Hop">Where, and over what TLS.</param>
    public sealed record Delivered(Reply Reply, HopFacts Hop) : DeliveryOutcome
    {
        /// <inheritdoc/>
        public override EnhancedStatusCode Status => Reply.Status.Class == 2 ? Reply.Status : new(2, 0, 0);
    }

    /// <summary>Not now; the recipient stays queued.</summary>
    /// <param name="Failure">Why.</param>
    public sealed record Deferred(DeliveryFailure Failure) : DeliveryOutcome
    {
        /// <inheritdoc/>
        public override EnhancedStatusCode Status => Failure.Status;
    }

    /// <summary>Never; the sender is to be told.</summary>
    /// <param name="Failure">Why.</param>
    public sealed record Bounced(DeliveryFailure Failure) : DeliveryOutcome
    {
        /// <inheritdoc/>
        public override EnhancedStatusCode Status => Failure.Status;
    }
}
