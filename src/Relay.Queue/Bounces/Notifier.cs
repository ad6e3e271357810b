using Relay.Mail;
using Relay.Queue.Storage;
using Relay.Smtp;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>Makes notifications ready for the store.</summary>
internal sealed class Notifier(NotificationMessage message, TimeProvider clock)
{
    /// <summary>Writes a notification. Where the message cannot be read any more, nothing of it is returned.</summary>
    /// <param name="notice">What is told.</param>
    /// <param name="content">The message that it is about.</param>
    /// <param name="id">The notification's queue id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<PreparedNotification> PrepareAsync(
        Notice notice, MessageContent content, QueueId id, CancellationToken cancellationToken)
    {
        // RFC 3461 §4.3: RET is for failures; other notifications return the header alone.
        var wantsWhole = notice.Kind == NotificationKind.Failed && notice.Mail.Return == DsnReturn.Full;
        var returned = await ReadAsync(content, wantsWhole, cancellationToken);
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
        return new PreparedNotification(notice, id, destination, insert);
    }

    private static async ValueTask<ReturnedContent> ReadAsync(
        MessageContent content, bool wantsWhole, CancellationToken cancellationToken)
    {
        try
        {
            return await ReturnedContent.ReadAsync(content, wantsWhole, cancellationToken);
        }
        catch (IOException)
        {
            // The sender shall hear of the failure all the same.
            return ReturnedContent.Missing;
        }
    }
}
