namespace Relay.Queue.Operations;

/// <summary>How much there is in the queue.</summary>
/// <param name="Messages">With a recipient left.</param>
/// <param name="Queued">Recipients to be delivered.</param>
/// <param name="Held">Recipients that an operator holds.</param>
/// <param name="Failed">Recipients that failed and are kept.</param>
public sealed record QueueTotals(long Messages, long Queued, long Held, long Failed);
