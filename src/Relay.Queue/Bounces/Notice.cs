using Relay.Mail;
using Relay.Queue.Storage;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>What the sender of a message is to be told.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="About">The message's queue id.</param>
/// <param name="Mail">Its reverse-path, which is not null, and parameters.</param>
/// <param name="Recipients">Those for whom a notification is due; at least one.</param>
internal sealed record Notice(NotificationKind Kind, QueueId About, MailFrom Mail, IReadOnlyList<NotifiedRecipient> Recipients)
{
    // What a piece of the store holds, less the most that is returned of the message and what stands around it.
    private const int MaxWeight = ContentFacts.PieceOctets - ReturnedContent.MaxWholeOctets - (8 * 1024);

    /// <summary>When the message was accepted.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When it was last tried; null when it was not.</summary>
    public required DateTimeOffset? AttemptedAt { get; init; }

    /// <summary>Until when it is tried on; for delays.</summary>
    public DateTimeOffset? RetryUntil { get; init; }

    /// <summary>
    /// Who is told. RFC 6531 §3.2: an address of which the domain alone is internationalised is written in A-labels, which every server
    /// takes; a notification that asked for more might reach nobody.
    /// </summary>
    public Mailbox Sender => Mail.ReversePath.Mailbox!.WithAsciiDomain();

    /// <summary>
    /// The sender's own address needs UTF-8, so that its server takes it, and the notification may be written so (RFC 6533 §4).
    /// </summary>
    public bool IsInternationalized => Sender.IsInternationalized;

    /// <summary>
    /// The notice as one or more, each of which fits into one piece of the store; one unless there are very many recipients, or their
    /// server is very talkative.
    /// </summary>
    public IEnumerable<Notice> Portions()
    {
        var portion = new List<NotifiedRecipient>();
        var weight = 0;
        foreach (var recipient in Recipients)
        {
            if (portion.Count > 0 && weight + recipient.Weight > MaxWeight)
            {
                yield return this with { Recipients = portion };
                portion = [];
                weight = 0;
            }

            portion.Add(recipient);
            weight += recipient.Weight;
        }

        yield return this with { Recipients = portion };
    }
}
