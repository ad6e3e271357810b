namespace Relay.Delivery.Observations;

/// <summary>One thing that went wrong.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Reason">A short word that says more, failure-reason-code of RFC 8460 §4.4; empty for none.</param>
public readonly record struct ObservedFailure(TlsResultType Type, string Reason);
