namespace Relay.Admin;

/// <summary>How much there is in the queue: messages, and recipients by their state.</summary>
internal sealed record QueueTotalsView(long Messages, long Queued, long Held, long Failed);
