using Relay.Delivery;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;
using Relay.Smtp;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Delivering;

/// <summary>An attempt together with the numbers that its recipients have in the store.</summary>
internal sealed class QueuedAttempt
{
    private readonly IReadOnlyList<StoredRecipient> _recipients;

    /// <summary>Makes the attempt for a message in memory.</summary>
    public QueuedAttempt(QueueEntry entry, InMemoryMessage message, bool isFinal)
        : this(entry, message.RecipientsAt(entry.Destination), isFinal, (message.Envelope.Mail, message.Envelope.ReportKey is not null, message.Envelope.ReceivedAt), message.Content)
    {
    }

    /// <summary>Makes the attempt for a message in the store.</summary>
    public QueuedAttempt(QueueEntry entry, StoredMessage stored, MessageContent content, bool isFinal)
        : this(entry, stored.Recipients, isFinal, (stored.Mail, stored.IsReport, stored.ReceivedAt), content)
    {
    }

    private QueuedAttempt(
        QueueEntry entry, IReadOnlyList<StoredRecipient> recipients, bool isFinal, (MailFrom Mail, bool IsReport, DateTimeOffset ReceivedAt) message, MessageContent content)
    {
        _recipients = recipients;
        ReceivedAt = message.ReceivedAt;
        Octets = content.Octets;
        Entry = entry;
        Attempt = new DeliveryAttempt
        {
            QueueId = entry.Id.ToString(),
            Destination = recipients[0].Envelope.Mailbox.MailDomain,
            Mail = message.Mail,
            Recipients = [.. recipients.Select(recipient => new AttemptRecipient(recipient.Envelope))],
            Content = content,
            IsFinal = isFinal,
            IsTlsReport = message.IsReport,
        };
    }

    /// <summary>The entry it is for.</summary>
    public QueueEntry Entry { get; }

    /// <summary>When the message was accepted.</summary>
    public DateTimeOffset ReceivedAt { get; }

    /// <summary>The content's length.</summary>
    public long Octets { get; }

    /// <summary>What the pipeline gets.</summary>
    public DeliveryAttempt Attempt { get; }

    /// <summary>
    /// What it deferred has failed for good. Not so where a stop of the relay broke it off: the next start makes the last attempt.
    /// </summary>
    public bool IsLast => Attempt.IsFinal && !Attempt.Recipients.Any(
        recipient => recipient.Outcome is DeliveryOutcome.Deferred { Failure.Reason: DeliveryRunner.InterruptedReason });

    /// <summary>Some recipient is to be tried again.</summary>
    public bool IsAnyQueued => !IsLast && Attempt.Recipients.Any(recipient => recipient.Outcome is DeliveryOutcome.Deferred);

    /// <summary>The sender has been told of a recipient's delay.</summary>
    public bool IsWarned(int index) => _recipients[index].IsWarned;

    /// <summary>The store's number of a recipient of the attempt.</summary>
    public int SeqOf(int index) => _recipients[index].Seq;
}
