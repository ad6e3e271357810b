using System.Buffers;
using System.Text;

namespace Relay.Mail;

/// <summary>
/// Reads the path at the start of a MAIL or RCPT argument (RFC 5321 §4.1.2, with the UTF-8 of RFC 6531 §3.3: whether
/// the transaction allows it is the session's question).
/// </summary>
public static class PathParser
{
    private const int MaxLocalPartOctets = 64;

    /// <summary>The longest path, brackets included (RFC 5321 §4.5.3.1.3).</summary>
    public const int MaxPathOctets = 256;

    // RFC 5322 §3.2.3: atext.
    private static readonly SearchValues<byte> AtomOctets = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"u8);

    /// <summary>Reads a path in angle brackets.</summary>
    /// <param name="text">Begins with the path.</param>
    /// <param name="path">What was read; a null mailbox for <c>&lt;&gt;</c>.</param>
    /// <param name="rest">What follows the path.</param>
    /// <returns>Null, or what is wrong; <see cref="PathFault.Malformed"/> for any breach of the grammar.</returns>
    public static PathFault? TryRead(ReadOnlySpan<byte> text, out Mailbox? path, out ReadOnlySpan<byte> rest)
    {
        path = null;
        rest = default;
        if (text is not [(byte)'<', ..])
        {
            return PathFault.Malformed;
        }

        var inner = text[1..];
        if (inner is [(byte)'>', ..])
        {
            rest = inner[1..];
            return null;
        }

        if (!TrySkipSourceRoute(ref inner) || !TryReadLocalPart(ref inner, out var local))
        {
            return PathFault.Malformed;
        }

        var domain = ReadOnlySpan<byte>.Empty;
        if (inner is [(byte)'@', ..])
        {
            var end = inner.IndexOf((byte)'>');
            domain = end < 0 ? default : inner[1..end];
            inner = end < 0 ? default : inner[end..];
            if (domain.Length > DomainSyntax.MaxOctets)
            {
                return PathFault.TooLong; // RFC 5321 §4.5.3.1.2
            }

            if (!DomainSyntax.IsDomain(domain) && !DomainSyntax.IsAddressLiteral(domain))
            {
                return PathFault.Malformed;
            }
        }

        if (inner is not [(byte)'>', ..])
        {
            return PathFault.Malformed;
        }

        rest = inner[1..];

        // RFC 5321 §4.5.3.1.1, §4.5.3.1.3: brackets and route count in the path, quotes in the local part.
        if (local.Length > MaxLocalPartOctets || text.Length - rest.Length > MaxPathOctets)
        {
            return PathFault.TooLong;
        }

        path = new Mailbox(Encoding.UTF8.GetString(local), Encoding.UTF8.GetString(domain));
        return null;
    }

    // RFC 5321 §3.6.1, §4.1.1.3: a source route is taken and ignored.
    private static bool TrySkipSourceRoute(ref ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'@', ..])
        {
            return true;
        }

        while (text is [(byte)'@', ..])
        {
            var end = text.IndexOfAny(",:>"u8);
            if (end < 0 || !DomainSyntax.IsDomain(text[1..end]))
            {
                return false;
            }

            var separator = text[end];
            text = text[(end + 1)..];
            if (separator == (byte)':')
            {
                return text is not [(byte)'@', ..];
            }

            if (separator == (byte)'>')
            {
                return false;
            }
        }

        return false;
    }

    private static bool TryReadLocalPart(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> local)
    {
        var length = text is [(byte)'"', ..] ? QuotedLength(text) : DotStringLength(text);
        local = length < 0 ? default : text[..length];
        text = length < 0 ? default : text[length..];
        return length > 0 && Utf8Text.IsPrintable(local);
    }

    // RFC 5321 §4.1.2: Dot-string = Atom *("." Atom); RFC 6531 §3.3 adds what is not ASCII.
    private static int DotStringLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        var atBoundary = true;
        foreach (var octet in text)
        {
            if (octet == (byte)'.')
            {
                if (atBoundary)
                {
                    return -1;
                }

                atBoundary = true;
            }
            else if (octet >= 0x80 || AtomOctets.Contains(octet))
            {
                atBoundary = false;
            }
            else
            {
                break;
            }

            length++;
        }

        return atBoundary ? -1 : length;
    }

    // RFC 5321 §4.1.2: qtextSMTP is printable but for the quote and the backslash; a quoted pair is a printable or a
    // space.
    private static int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'"':
                    return i + 1;
                case (byte)'\\':
                    i++;
                    if (i == text.Length || text[i] is < 0x20 or > 0x7E)
                    {
                        return -1;
                    }

                    break;
                case < 0x20 or 0x7F:
                    return -1;
                default:
                    break;
            }
        }

        return -1;
    }
}
