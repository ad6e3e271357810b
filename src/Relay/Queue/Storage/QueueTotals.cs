namespace Relay.Queue.Storage;

/// <summary>How much there is in the queue.</summary>
/// <param name="Messages">With a recipient left.</param>
/// <param name="Queued">Recipients to be delivered.</param>
/// <param name="Held">Recipients that an operator holds.</param>
/// <param name="Failed">Recipients that failed and are kept.</param>
internal sealed record QueueTotals(long Messages, long Queued, long Held, long Failed);
