namespace Relay.Delivery;

/// <summary>The whole way out: routing, middleware in the order registered, transport.</summary>
public interface IDeliveryPipeline
{
    /// <summary>
    /// Runs one attempt. On return every recipient has an outcome. Throws only when cancelled, and then nothing is
    /// known of recipients without an outcome.
    /// </summary>
    Task DeliverAsync(DeliveryAttempt attempt, CancellationToken cancellationToken);
}
