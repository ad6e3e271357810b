namespace Relay.Delivery.Probing;

/// <summary>What a look at one MX host found.</summary>
/// <param name="Sessions">One for each address looked at, in the order of trial; empty when there is none.</param>
/// <param name="Failure">Why there is no address; null when there is one.</param>
public sealed record MxProbeResult(IReadOnlyList<ProbedSession> Sessions, DeliveryFailure? Failure);
