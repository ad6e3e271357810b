namespace Relay.Fuzz.Tests.Smtp;

/// <summary>DATA read the plain and slow way: as lines of a text (RFC 5321 §4.1.1.4, §4.5.2).</summary>
internal sealed record PlainContent(string Content, int Consumed, bool IsEnded, bool IsBad)
{
    private const int MaxLineOctets = 998;

    public static PlainContent OfData(string text)
    {
        var end = text.StartsWith(".\r\n", StringComparison.Ordinal) ? 0 : text.IndexOf("\r\n.\r\n", StringComparison.Ordinal) + 2;
        var isEnded = end != 1;
        var lines = (isEnded ? text[..end] : text).Split("\r\n");
        var unstuffed = lines.Select(line => line.StartsWith('.') ? line[1..] : line).ToArray();
        if (isEnded)
        {
            return new PlainContent(string.Join("\r\n", unstuffed), end + 3, IsEnded: true, AreBad(unstuffed));
        }

        // The last line goes on: its CR may still become CRLF, and with the dot before it the end.
        var isOpen = lines[^1].EndsWith('\r');
        var judged = isOpen ? [.. unstuffed[..^1], unstuffed[^1][..^1]] : unstuffed;
        if (lines[^1] == ".\r")
        {
            unstuffed[^1] = string.Empty;
        }

        return new PlainContent(string.Join("\r\n", unstuffed), text.Length, IsEnded: false, AreBad(judged));
    }

    /// <summary>A line has an octet that no line may have, or too many.</summary>
    public static bool AreBad(IEnumerable<string> lines) =>
        lines.Any(line => line.Length > MaxLineOctets || line.AsSpan().ContainsAny("\r\n\0"));
}
