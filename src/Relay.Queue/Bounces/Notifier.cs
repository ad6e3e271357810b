using Relay.Mail;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>Makes notifications ready for the store.</summary>
internal sealed class Notifier(NotificationMessage message, TimeProvider clock)
{
    /// <summary>Writes a notification.</summary>
    /// <param name="notice">What is told.</param>
    /// <param name="returned">What is returned of the message that it is about.</param>
    /// <param name="id">The notification's queue id.</param>
    public PreparedNotification Prepare(Notice notice, ReturnedContent returned, QueueId id)
    {
        var now = clock.GetUtcNow();
        var octets = message.Write(notice, returned, id, now);
        var isEightBit = !System.Text.Ascii.IsValid(octets);

        // RFC 3461 §6.1: the null reverse-path, to the original one, no RET, and NOTIFY=NEVER.
        var mail = new MailFrom(ReversePath.Null)
        {
            Body = isEightBit ? BodyType.EightBitMime : BodyType.Unspecified,
            SmtpUtf8 = notice.IsInternationalized,
        };
        var recipient = new RcptTo(notice.Sender) { Notify = DsnNotify.Never };
        var envelope = new QueuedEnvelope(id, mail, [recipient], now);
        var destination = recipient.Mailbox.MailDomain.Key;
        var insert = new InsertMessage(envelope, [destination], new ContentFacts(octets.Length, isEightBit, octets))
        {
            MayRepeat = true,
        };
        return new PreparedNotification(notice, id, destination, insert, octets.Length);
    }
}
