namespace Relay.Queue.Operations;

/// <summary>A message as operators see it.</summary>
/// <param name="EnvelopeId">The sender's ENVID.</param>
/// <param name="SmtpUtf8">It needs SMTPUTF8.</param>
/// <param name="Head">The first piece of the content.</param>
/// <param name="Recipients">Those left, up to a limit; at least one.</param>
public sealed record ListedMessage(
    string? EnvelopeId, bool SmtpUtf8, ReadOnlyMemory<byte> Head, IReadOnlyList<ListedRecipient> Recipients);
