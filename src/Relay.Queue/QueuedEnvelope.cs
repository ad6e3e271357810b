using Relay.Smtp.Grammar;

namespace Relay.Queue;

/// <summary>The envelope of an accepted message.</summary>
/// <param name="Id">Its queue id.</param>
/// <param name="Mail">Reverse-path and parameters as received.</param>
/// <param name="Recipients">At least one.</param>
/// <param name="ReceivedAt">When it was accepted, UTC; its lifetime runs from here.</param>
public sealed record QueuedEnvelope(
    QueueId Id, MailFrom Mail, IReadOnlyList<RcptTo> Recipients, DateTimeOffset ReceivedAt)
{
    /// <summary>
    /// Of a TLS report of ours, the key by which handing it in twice is recognised; null for all other mail. A key is remembered for
    /// two days, and as long as its message is queued.
    /// </summary>
    public string? ReportKey { get; init; }
}
