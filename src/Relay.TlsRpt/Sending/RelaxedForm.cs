using System.Security.Cryptography;
using System.Text;

namespace Relay.TlsRpt.Sending;

/// <summary>The canonical form <c>relaxed</c> of header fields and bodies (RFC 6376 §3.4.2, §3.4.4).</summary>
internal static class RelaxedForm
{
    /// <summary>A field, without the line end behind it.</summary>
    /// <param name="field">Name, colon and value as in the message, folds included.</param>
    public static string OfField(string field)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var form = new StringBuilder(field[..colon].TrimEnd(' ', '\t').ToLowerInvariant()).Append(':');
        Squeeze(field.AsSpan(colon + 1).TrimStart(" \t\r\n"), form);
        return form.ToString();
    }

    /// <summary>The SHA-256 of a body in its canonical form: what <c>bh=</c> carries.</summary>
    /// <param name="body">ASCII; every line ends in CRLF.</param>
    public static byte[] HashBody(string body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new StringBuilder();
        var emptyLines = 0;
        var rest = body.AsSpan();
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf("\r\n");
            Squeeze(rest[..end], line.Clear());
            rest = rest[(end + 2)..];
            if (line.Length == 0)
            {
                // RFC 6376 §3.4.4: empty lines count only when another line follows.
                emptyLines++;
                continue;
            }

            for (; emptyLines > 0; emptyLines--)
            {
                hash.AppendData("\r\n"u8);
            }

            hash.AppendData(Encoding.ASCII.GetBytes(line.Append("\r\n").ToString()));
        }

        return hash.GetHashAndReset();
    }

    // RFC 6376 §3.4.2, §3.4.4: folds are undone, runs of white space become one space, and none stays at the end.
    private static void Squeeze(ReadOnlySpan<char> text, StringBuilder form)
    {
        var isInSpace = false;
        foreach (var character in text.TrimEnd(" \t\r\n"))
        {
            var isSpace = character is ' ' or '\t';
            if (isSpace ? !isInSpace : character is not ('\r' or '\n'))
            {
                form.Append(isSpace ? ' ' : character);
            }

            isInSpace = isSpace || (isInSpace && character is '\r' or '\n');
        }
    }
}
