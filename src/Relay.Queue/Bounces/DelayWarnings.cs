using Relay.Delivery;
using Relay.Mail;
using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>
/// Tells a sender that the message waits, without an attempt: by what its last attempt came to, or else by what its site last failed
/// of. One notification about all recipients that wait.
/// </summary>
internal sealed class DelayWarnings(QueueStore store, NotificationWriter writer, TimeProvider clock)
{
    // RFC 3463 §3.5: X.4.5, mail system congestion.
    private static readonly DeliveryFailure Untried = new(
        "not-tried", new EnhancedStatusCode(4, 4, 5), "The message waits for other mail to the same servers and has not been tried yet");

    /// <summary>
    /// Writes the warning and that it was given, in one commit; returns what is to be delivered then, or null when the store cannot take
    /// it now.
    /// </summary>
    /// <param name="entries">Entries of one message that wait.</param>
    /// <param name="failureAt">What the site of a destination last failed of.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<PreparedNotification>?> WriteAsync(
        IReadOnlyList<QueueEntry> entries, Func<Destination, DeliveryFailure?> failureAt, CancellationToken cancellationToken)
    {
        var id = entries[0].Id;
        if (await store.ReadDelayedAsync(id, cancellationToken) is not { Message: { IsReport: false, Mail.ReversePath.IsNull: false } } delayed)
        {
            return [];
        }

        var message = delayed.Message;
        var failures = entries.ToDictionary(entry => entry.Destination.Name, entry => failureAt(entry.Destination), StringComparer.Ordinal);
        var told = message.Recipients.Zip(delayed.Diagnostics)
            .Where(pair => NotificationRules.IsDue(pair.First.Envelope.Notify, DsnNotify.Delay) && failures.ContainsKey(KeyOf(pair.First)))
            .Select(pair => (pair.First.Seq, Recipient: Describe(pair.First.Envelope, pair.Second, failures[KeyOf(pair.First)])))
            .ToList();
        if (told.Count == 0)
        {
            return [];
        }

        var notice = new Notice(NotificationKind.Delayed, id, message.Mail, [.. told.Select(one => one.Recipient)])
        {
            ReceivedAt = message.ReceivedAt,
            AttemptedAt = delayed.AttemptedAt,
            RetryUntil = clock.GetUtcNow() + clock.GetElapsedTime(clock.GetTimestamp(), entries.Max(entry => entry.Expiry)),
        };
        return await CommitAsync(notice, message, [.. told.Select(one => one.Seq)], cancellationToken);
    }

    private async Task<IReadOnlyList<PreparedNotification>?> CommitAsync(
        Notice notice, StoredMessage message, IReadOnlyList<int> warned, CancellationToken cancellationToken)
    {
        var prepared = new List<PreparedNotification>();
        using var content = new StoredContent(store, notice.About, message);
        try
        {
            foreach (var portion in notice.Portions())
            {
                // RFC 3461 §4.3: RET is for failures; other notifications return the header alone.
                if (await writer.TryPrepareAsync(portion, content, ReturnedPart.BriefHeader, cancellationToken) is not { } notification)
                {
                    return null;
                }

                prepared.Add(notification);
            }

            var warning = new WarnSender(notice.About, warned, [.. prepared.Select(notification => notification.Insert)]);
            return await store.WarnAsync(warning).WaitAsync(cancellationToken) == StoreFault.None ? prepared : null;
        }
        finally
        {
            prepared.ForEach(writer.Release);
        }
    }

    private static string KeyOf(StoredRecipient recipient) => recipient.Envelope.Mailbox.MailDomain.Key;

    // The store keeps words alone; where the site failed of the same, more is known of it.
    private static NotifiedRecipient Describe(RcptTo envelope, (string Status, string Text) kept, DeliveryFailure? failure) =>
        kept.Text.Length > 0 && kept.Text != failure?.Text
            ? NotifiedRecipient.DelayedFromStore(envelope, kept.Status, kept.Text)
            : NotifiedRecipient.Delayed(envelope, failure ?? Untried);
}
