using Relay.Queue.Operations;
using Relay.Queue.Storage;

namespace Relay.Admin;

/// <summary>A recipient in the queue, for people and for <c>--json</c>.</summary>
/// <param name="Queue">Its message's queue id.</param>
/// <param name="Seq">Its number in the message.</param>
/// <param name="From">The reverse-path in brackets; null when the message itself is missing in the store.</param>
/// <param name="To">Its address in brackets.</param>
/// <param name="State">One of <c>queued</c>, <c>held</c>, <c>bounced</c>, <c>expired</c>.</param>
/// <param name="Received">When the message was accepted.</param>
/// <param name="AgeSeconds">How long ago that was.</param>
/// <param name="Octets">The message's length.</param>
/// <param name="Attempts">How many there were.</param>
/// <param name="Next">When the next is due; null for what is not tried.</param>
/// <param name="LastAttempt">When the last ended.</param>
/// <param name="Dsn">The enhanced status code it came to.</param>
/// <param name="Text">And its diagnostic.</param>
internal sealed record QueueRecipientView(
    string Queue,
    int Seq,
    string? From,
    string To,
    RecipientState State,
    DateTimeOffset Received,
    long AgeSeconds,
    long Octets,
    int Attempts,
    DateTimeOffset? Next,
    DateTimeOffset? LastAttempt,
    string? Dsn,
    string? Text)
{
    public static QueueRecipientView Of(ListedRecipient recipient, DateTimeOffset now) => new(
        recipient.Id.ToString(),
        recipient.Seq,
        recipient.ReversePath is { } path ? $"<{path}>" : null,
        $"<{recipient.Mailbox}>",
        recipient.State,
        TimeOf(recipient.ReceivedAt),
        Math.Max(0, (now.ToUnixTimeMilliseconds() - recipient.ReceivedAt) / 1000),
        recipient.Octets,
        recipient.Attempts,
        recipient.State == RecipientState.Queued ? TimeOf(recipient.NextAttempt) : null,
        recipient.LastAttempt is { } last ? TimeOf(last) : null,
        recipient.LastStatus,
        recipient.LastText);

    private static DateTimeOffset TimeOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
