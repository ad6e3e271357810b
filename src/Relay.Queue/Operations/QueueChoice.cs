using Relay.Queue.Storage;

namespace Relay.Queue.Operations;

/// <summary>Which recipients a listing shows.</summary>
/// <param name="After">Those behind this one in the order of messages.</param>
/// <param name="Destination">Those of this routing key; null for all.</param>
/// <param name="FirstState">Those with a state from this one on.</param>
/// <param name="LastState">To this one.</param>
/// <param name="Limit">The most that are given.</param>
public sealed record QueueChoice(
    (long Message, int Seq) After, string? Destination, RecipientState FirstState, RecipientState LastState, int Limit);
