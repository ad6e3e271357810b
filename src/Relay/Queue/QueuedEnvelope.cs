using Relay.Smtp.Grammar;

namespace Relay.Queue;

/// <summary>The envelope of an accepted message.</summary>
/// <param name="Id">Its queue id.</param>
/// <param name="Mail">Reverse-path and parameters as received.</param>
/// <param name="Recipients">At least one.</param>
/// <param name="ReceivedAt">When it was accepted, UTC; its lifetime runs from here.</param>
internal sealed record QueuedEnvelope(
    QueueId Id, MailFrom Mail, IReadOnlyList<RcptTo> Recipients, DateTimeOffset ReceivedAt);
