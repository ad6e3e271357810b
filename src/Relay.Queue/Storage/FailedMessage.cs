namespace Relay.Queue.Storage;

/// <summary>A message and its recipients that failed or are delayed, as the store keeps them.</summary>
/// <param name="Message">The message; its recipients are those alone.</param>
/// <param name="Diagnostics">Status and text of each of them.</param>
/// <param name="AttemptedAt">When the last of them was tried last; null when none was.</param>
internal sealed record FailedMessage(
    StoredMessage Message, IReadOnlyList<(string Status, string Text)> Diagnostics, DateTimeOffset? AttemptedAt);
