namespace Relay.Queue.Operations;

/// <summary>What came of an operator's change.</summary>
/// <param name="Recipients">How many recipients it met; 0 when there was nothing to change.</param>
/// <param name="Fault">Why it could not be done; null when it could.</param>
public sealed record QueueChange(int Recipients, string? Fault = null);
