namespace Relay.Delivery.Observations;

/// <summary>What a plugin says of a session.</summary>
/// <param name="Policy">By which policy it was judged.</param>
/// <param name="Failures">Everything wrong with it; empty for a success.</param>
public readonly record struct JudgedSession(ObservedPolicy Policy, IReadOnlyList<ObservedFailure> Failures);
