namespace Relay.Admin;

/// <summary>How much there is in the queue: messages, and recipients by their state.</summary>
/// <param name="Messages">With a recipient left.</param>
/// <param name="Queued">Recipients to be delivered.</param>
/// <param name="Held">Recipients that an operator holds.</param>
/// <param name="Failed">Recipients that failed and are kept.</param>
/// <param name="StoreTrouble">What is wrong with the store; null when nothing is known to be.</param>
internal sealed record QueueTotalsView(long Messages, long Queued, long Held, long Failed, string? StoreTrouble = null);
