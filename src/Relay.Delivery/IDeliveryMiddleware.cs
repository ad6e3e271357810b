namespace Relay.Delivery;

/// <summary>The rest of the pipeline behind a middleware; the last step is the transport.</summary>
public delegate Task DeliveryStep(DeliveryAttempt attempt, CancellationToken cancellationToken);

/// <summary>
/// A plugin's place in the outbound pipeline. Middleware never opens a connection to an MX host; the transport never
/// knows what made a requirement.
/// </summary>
public interface IDeliveryMiddleware
{
    /// <summary>Where it stands; within a stage, order means nothing.</summary>
    MiddlewareStage Stage { get; }

    /// <summary>
    /// Sees the attempt on its way out (may refuse MX hosts, raise the TLS requirement of each, or settle it without
    /// going on) and on its way back (may read what happened in each session, and say in its own words why nothing was
    /// usable). Runs also for an attempt without a route (<see cref="DeliveryAttempt.RouteFailure"/>), which ends in that failure
    /// for all that no plugin has settled.
    /// </summary>
    Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken);
}
