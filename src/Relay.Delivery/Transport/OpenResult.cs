namespace Relay.Delivery.Transport;

/// <summary>A connection that meets the host's requirement, or why there is none.</summary>
internal readonly record struct OpenResult(HostConnection? Connection, DeliveryFailure? Failure);
