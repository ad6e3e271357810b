using System.Text;

namespace Relay.Queue.Bounces;

/// <summary>
/// Text that is not ASCII, for a way that passes seven bits (RFC 2045 §6.7). Also keeps lines short.
/// </summary>
internal static class QuotedPrintable
{
    private const int MaxLine = 76;

    /// <summary>Encodes lines that end in CRLF.</summary>
    public static string Encode(ReadOnlySpan<byte> text)
    {
        var output = new StringBuilder(text.Length + (text.Length / 4));
        var column = 0;
        for (var at = 0; at < text.Length; at++)
        {
            var octet = text[at];
            if (octet == '\r' && at + 1 < text.Length && text[at + 1] == '\n')
            {
                output.Append("\r\n");
                at++;
                column = 0;
                continue;
            }

            // White space at a line's end would be lost on the way.
            var isPlain = octet is >= (byte)'!' and <= (byte)'~' and not (byte)'='
                || (octet is (byte)' ' or (byte)'\t' && at + 1 < text.Length && text[at + 1] != '\r');
            var width = isPlain ? 1 : 3;
            if (column + width > MaxLine - 1)
            {
                output.Append("=\r\n");
                column = 0;
            }

            _ = isPlain ? output.Append((char)octet) : output.Append('=').Append(octet.ToString("X2", null));
            column += width;
        }

        return output.ToString();
    }
}
