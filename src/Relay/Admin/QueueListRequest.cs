namespace Relay.Admin;

/// <summary>What a page of the queue's listing is asked by.</summary>
/// <param name="After">The queue id of the last recipient of the page before.</param>
/// <param name="Seq">And its number there.</param>
/// <param name="Domain">A destination domain.</param>
/// <param name="State">A state.</param>
/// <param name="Limit">How many are wanted.</param>
internal sealed record QueueListRequest(string? After, int? Seq, string? Domain, QueueStateFilter? State, int? Limit);
