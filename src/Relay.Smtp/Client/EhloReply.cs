using System.Globalization;
using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>Reads what the reply to EHLO offers (RFC 5321 §4.1.1.1).</summary>
internal static class EhloReply
{
    /// <summary>The first word of the reply: the server's name for itself, not verified by anything.</summary>
    public static string NameIn(Reply reply) => FirstWord(reply.Lines[0], out _).ToString();

    /// <summary>The extensions of the lines after the first; unknown ones are passed over (RFC 5321 §2.2.2).</summary>
    public static ServerCapabilities CapabilitiesIn(Reply reply)
    {
        var found = ServerCapabilities.None;
        foreach (var line in reply.Lines.Skip(1))
        {
            // RFC 5321 §4.1.1.1: a keyword is a whole word in any case; "XPIPELINING" is something else.
            var keyword = FirstWord(line, out var parameters).ToString().ToUpperInvariant();
            found = keyword switch
            {
                "PIPELINING" => found with { Pipelining = true },
                "8BITMIME" => found with { EightBitMime = true },
                "SMTPUTF8" => found with { SmtpUtf8 = true },
                "DSN" => found with { Dsn = true },
                "STARTTLS" => found with { StartTls = true },
                "CHUNKING" => found with { Chunking = true },
                "ENHANCEDSTATUSCODES" => found with { EnhancedStatusCodes = true },
                // RFC 4954 §4: mechanisms in any order, and no line with an equals sign, as some wrote before there was an RFC.
                "AUTH" => found with { AuthPlain = found.AuthPlain || Names(parameters, "PLAIN") },
                "SIZE" => found with { Size = true, MaxSize = ReadSize(parameters) },
                _ => found,
            };
        }

        return found;
    }

    // RFC 1870 §4: 0 or nothing means that no limit is fixed; so does what cannot be read, for it names none.
    private static long? ReadSize(ReadOnlySpan<char> parameters) =>
        long.TryParse(FirstWord(parameters, out _), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && size > 0
            ? size
            : null;

    private static bool Names(ReadOnlySpan<char> words, ReadOnlySpan<char> sought)
    {
        while (FirstWord(words, out words) is { Length: > 0 } word)
        {
            if (word.Equals(sought, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<char> FirstWord(ReadOnlySpan<char> text, out ReadOnlySpan<char> rest)
    {
        text = text.Trim(' ');
        var end = text.IndexOf(' ');
        rest = end < 0 ? [] : text[(end + 1)..];
        return end < 0 ? text : text[..end];
    }
}
