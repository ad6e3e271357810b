namespace Relay.Admin;

/// <summary>What came of a change.</summary>
/// <param name="Count">How many recipients it met, or entries for a retry; 0 when there was nothing to change.</param>
/// <param name="Fault">Why it could not be done; null when it could.</param>
internal sealed record QueueChangeView(int Count, string? Fault = null);
