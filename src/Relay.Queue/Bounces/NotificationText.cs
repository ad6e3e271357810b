using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Relay.Queue.Bounces;

/// <summary>The part of a notification that its reader reads: whom it is about, why, and what to do.</summary>
internal static class NotificationText
{
    private const int Width = 72;
    private const int LongestWord = 240;

    // A reply may be long; nobody reads all of that, and more of it stands in the status part.
    private const int MaxQuoted = 1000;

    /// <summary>Writes it; lines end in CRLF.</summary>
    /// <param name="notice">What is told.</param>
    /// <param name="returned">What of the message is returned.</param>
    /// <param name="hostName">Who tells it.</param>
    public static string Write(Notice notice, ReturnedContent returned, string hostName)
    {
        var text = new StringBuilder();
        Paragraph(text, $"This is the mail system at {hostName}.");
        Paragraph(text, Opening(notice));
        foreach (var recipient in notice.Recipients)
        {
            text.Append(CultureInfo.InvariantCulture, $"<{recipient.Envelope.Mailbox}>\r\n");
            if (notice.Kind == NotificationKind.Relayed)
            {
                Wrap(text, $"The server {recipient.RemoteHost} took it.", "    ");
            }
            else
            {
                Explain(text, recipient);
            }

            text.Append("\r\n");
        }

        Paragraph(text, Closing(notice, returned));
        return text.ToString();
    }

    private static void Explain(StringBuilder text, NotifiedRecipient recipient)
    {
        var (what, advice) = Explanation.Of(recipient);
        Wrap(text, Cut(recipient.IsExpired ? $"It was tried for as long as a message is kept. The last attempt ended like this: {what}" : what), "    ");
        if (recipient.Reply is { } reply)
        {
            Wrap(text, Cut(reply), "        ");
        }

        Wrap(text, advice, "    ");
    }

    private static string Opening(Notice notice) => notice.Kind switch
    {
        NotificationKind.Failed =>
            "Your message could not be delivered to the recipients below. It will not be tried again.",
        NotificationKind.Delayed => string.Create(
            CultureInfo.InvariantCulture,
            $"Your message could not be delivered yet to the recipients below. You do not need to send it again: it will be tried until "
            + $"{notice.RetryUntil:yyyy-MM-dd HH:mm} UTC, and you will be told if that fails."),
        NotificationKind.Relayed =>
            "Your message was handed to the server of the recipients below. You asked to be told of its delivery, but that server "
            + "sends no such notices, so this is the last you will hear of it unless it fails.",
        _ => throw new UnreachableException(),
    };

    private static string Closing(Notice notice, ReturnedContent returned) => string.Create(
        CultureInfo.InvariantCulture,
        $"The message was accepted on {notice.ReceivedAt:yyyy-MM-dd HH:mm} UTC and had the queue id {notice.About}. {PartOf(returned)}");

    private static string PartOf(ReturnedContent returned) => returned switch
    {
        { IsLeftOut: true } => "The mail system is short of disk space, so nothing of it is attached.",
        { IsMissing: true } => "It could not be read any more, so nothing of it is attached.",
        { IsWhole: true } => "The message itself is attached.",
        { IsTooLarge: true } => "It is too large, or its lines are too long, to come back whole; its header is attached.",
        { IsCut: true } => "The beginning of its header is attached.",
        _ => "Its header is attached.",
    };

    private static string Cut(string text) => WholeCharacters.Shorten(text, MaxQuoted);

    private static void Paragraph(StringBuilder output, string text)
    {
        Wrap(output, text, string.Empty);
        output.Append("\r\n");
    }

    // RFC 5322 §2.1.1: a line has 998 octets at most, and a character up to four.
    private static IEnumerable<string> Pieces(string word) => WholeCharacters.Pieces(word, LongestWord);

    private static void Wrap(StringBuilder output, string text, string indent)
    {
        var column = 0;
        foreach (var word in text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries).SelectMany(Pieces))
        {
            var clean = string.Concat(word.Where(character => !char.IsControl(character)));
            if (column > 0 && column + 1 + clean.Length > Width)
            {
                output.Append("\r\n");
                column = 0;
            }

            output.Append(column == 0 ? indent : " ").Append(clean);
            column += clean.Length + (column == 0 ? indent.Length : 1);
        }

        output.Append("\r\n");
    }
}
