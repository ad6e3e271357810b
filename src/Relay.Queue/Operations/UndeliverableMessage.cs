namespace Relay.Queue.Operations;

/// <summary>A message that failed and of which nobody can be told.</summary>
/// <param name="Id">The message.</param>
/// <param name="FailedAt">When the last of its recipients failed.</param>
/// <param name="Octets">How long it is.</param>
internal sealed record UndeliverableMessage(QueueId Id, DateTimeOffset FailedAt, long Octets);
