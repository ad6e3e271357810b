using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>
/// Writes a delivery status notification (RFC 3464): multipart/report of a text, the status, and what is returned of the message.
/// Seven bits throughout, so that every server on its way back takes it, with two exceptions: a sender whose own address is UTF-8
/// gets the forms of RFC 6533, and a whole message of eight bits is returned as it was sent.
/// </summary>
/// <param name="identity">Whom it comes from.</param>
internal sealed class NotificationMessage(NotificationIdentity identity)
{
    /// <summary>Writes the message.</summary>
    /// <param name="notice">What is told.</param>
    /// <param name="returned">What is returned of the message.</param>
    /// <param name="id">The notification's own queue id.</param>
    /// <param name="now">Its date.</param>
    public byte[] Write(Notice notice, ReturnedContent returned, QueueId id, DateTimeOffset now)
    {
        var isUtf8 = notice.IsInternationalized;
        var boundary = $"{id}/{RandomNumberGenerator.GetHexString(24)}";
        var status = isUtf8 ? "global-delivery-status" : "delivery-status";
        var output = new StringBuilder();
        WriteHeader(new StatusFields(output, isUtf8), notice, returned, (id, now));
        output.Append(CultureInfo.InvariantCulture, $"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={status};\r\n boundary=\"{boundary}\"\r\n");
        if (isUtf8 || (returned.IsWhole && returned.IsEightBit))
        {
            output.Append("Content-Transfer-Encoding: 8bit\r\n");
        }

        output.Append(CultureInfo.InvariantCulture, $"\r\nThis is a report in MIME format (RFC 3464).\r\n\r\n--{boundary}\r\n");
        WriteText(output, NotificationText.Write(notice, returned, identity.HostName), isUtf8);
        output.Append(CultureInfo.InvariantCulture, $"\r\n--{boundary}\r\nContent-Type: message/{status}\r\n");
        output.Append(isUtf8 ? "Content-Transfer-Encoding: 8bit\r\n\r\n" : "\r\n");
        WriteStatus(new StatusFields(output, isUtf8), notice);
        var part = returned.IsMissing ? [] : ReturnedPart(returned, isUtf8, $"\r\n--{boundary}\r\n");
        var tail = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        return [.. Encoding.UTF8.GetBytes(output.ToString()), .. part, .. tail];
    }

    private void WriteHeader(
        StatusFields fields, Notice notice, ReturnedContent returned, (QueueId Id, DateTimeOffset Now) own)
    {
        fields.Add("From", $"Mail Delivery System <{identity.Postmaster}>");
        fields.AddExact("To", $"<{notice.Sender}>");
        fields.Add("Subject", notice.Kind switch
        {
            NotificationKind.Failed => "Undelivered mail returned to sender",
            NotificationKind.Delayed => "Delayed mail, delivery is still being tried",
            NotificationKind.Relayed => "Mail relayed to a server without delivery notices",
            _ => throw new UnreachableException(),
        });
        fields.Add("Date", StatusFields.Date(own.Now));
        fields.AddExact("Message-ID", $"<{own.Id}@{identity.HostName}>");

        // RFC 3834 §3.1.6, RFC 5322 §3.6.4: it belongs to the message that it is about.
        if (returned.MessageId is { } original)
        {
            fields.AddExact("In-Reply-To", original);
            fields.AddExact("References", original);
        }

        // RFC 3834 §5: so that no program answers it.
        fields.Add("Auto-Submitted", "auto-replied");
    }

    private static void WriteText(StringBuilder output, string text, bool isUtf8)
    {
        if (Ascii.IsValid(text))
        {
            output.Append(CultureInfo.InvariantCulture, $"Content-Type: text/plain; charset=us-ascii\r\n\r\n{text}");
        }
        else if (isUtf8)
        {
            output.Append(CultureInfo.InvariantCulture, $"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}");
        }
        else
        {
            output.Append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
                .Append(QuotedPrintable.Encode(Encoding.UTF8.GetBytes(text)));
        }
    }

    private void WriteStatus(StatusFields fields, Notice notice)
    {
        // RFC 3464 §2.2; RFC 3461 §6.3: the sender's envelope id exactly if it gave one, decoded.
        fields.Add("Reporting-MTA", $"dns; {identity.HostName}");
        if (notice.Mail.EnvelopeId is { } envelopeId)
        {
            fields.AddExact("Original-Envelope-Id", Xtext.Decode(envelopeId));
        }

        fields.Add("Arrival-Date", StatusFields.Date(notice.ReceivedAt));
        foreach (var recipient in notice.Recipients)
        {
            fields.EndGroup();
            WriteRecipient(fields, notice, recipient);
        }
    }

    // RFC 3464 §2.3, in its order.
    private static void WriteRecipient(StatusFields fields, Notice notice, NotifiedRecipient recipient)
    {
        if (recipient.Envelope.OriginalRecipient is { } original)
        {
            fields.AddOriginalRecipient(original);
        }

        fields.AddAddress("Final-Recipient", "rfc822", recipient.Envelope.Mailbox.ToString());
        fields.Add("Action", notice.Kind switch
        {
            NotificationKind.Failed => "failed",
            NotificationKind.Delayed => "delayed",
            NotificationKind.Relayed => "relayed",
            _ => throw new UnreachableException(),
        });
        fields.Add("Status", recipient.Status.ToString());
        if (recipient.RemoteHost is { } host)
        {
            fields.Add("Remote-MTA", $"dns; {host}");
        }

        if (recipient.Reply is { } reply)
        {
            fields.Add("Diagnostic-Code", $"smtp; {reply}");
        }
        else
        {
            // RFC 3464 §2.3.6, §9.2 (c): not a server's words, so a type of our own.
            fields.Add("Diagnostic-Code", $"x-relay; {recipient.Text}");
        }

        if (notice.AttemptedAt is { } attempted)
        {
            fields.Add("Last-Attempt-Date", StatusFields.Date(attempted));
        }

        if (notice.RetryUntil is { } until)
        {
            fields.Add("Will-Retry-Until", StatusFields.Date(until));
        }
    }

    // RFC 6522 §3, §4: the message, or its header as text, which may be encoded where it is not fit to travel; with UTF-8 in it,
    // and for a sender who takes that, the forms of RFC 6533 §4.
    private static byte[] ReturnedPart(ReturnedContent returned, bool isUtf8, string boundary)
    {
        var isGlobal = isUtf8 && returned.IsEightBit;
        var isEncoded = !returned.IsWhole && (returned.HasLongLines || (returned.IsEightBit && !isGlobal));
        var type = returned.IsWhole
            ? isGlobal ? "message/global" : "message/rfc822"
            : isGlobal ? "message/global-headers" : "text/rfc822-headers";
        var encoding = isEncoded ? "Content-Transfer-Encoding: quoted-printable\r\n"
            : returned.IsEightBit ? "Content-Transfer-Encoding: 8bit\r\n"
            : string.Empty;
        var head = Encoding.ASCII.GetBytes($"{boundary}Content-Type: {type}\r\n{encoding}\r\n");
        return isEncoded
            ? [.. head, .. Encoding.ASCII.GetBytes(QuotedPrintable.Encode(returned.Octets.Span))]
            : [.. head, .. returned.Octets.Span];
    }
}
