using System.Diagnostics.CodeAnalysis;
using System.Text;
using Relay.Mail;

namespace Relay.TlsRpt.Records;

/// <summary>Reads one URI of a <c>rua</c> list (RFC 8460 §3, RFC 3986, RFC 6068 §2).</summary>
internal static class TlsRptUri
{
    private const string Mailto = "mailto:";
    private const string Https = "https://";
    private const int MaxLength = 2_048;

    /// <summary>False for everything that the relay cannot or must not use.</summary>
    public static bool TryRead(ReadOnlySpan<byte> item, [NotNullWhen(true)] out TlsRptDestination? destination) =>
        Read(item, out destination) is null && destination is not null;

    /// <summary>Null with a destination; otherwise why the relay cannot or must not use the URI.</summary>
    public static TlsRptUriFault? Read(ReadOnlySpan<byte> item, out TlsRptDestination? destination)
    {
        destination = null;
        if (item.Length > MaxLength)
        {
            return TlsRptUriFault.TooLong;
        }

        // RFC 8460 §3: a URI is visible ASCII, and an exclamation mark in it is encoded.
        if (item.ContainsAnyExceptInRange((byte)'"', (byte)'~'))
        {
            return TlsRptUriFault.BadCharacter;
        }

        // RFC 3986 §3.1: the scheme has no case; RFC 8460 §3: only these two are supported.
        var uri = Encoding.ASCII.GetString(item);
        if (uri.StartsWith(Mailto, StringComparison.OrdinalIgnoreCase))
        {
            destination = TryReadMailbox(item[Mailto.Length..], out var mailbox)
                ? new TlsRptDestination.Mail(uri, mailbox)
                : null;
            return destination is null ? TlsRptUriFault.NoMailbox : null;
        }

        if (uri.StartsWith(Https, StringComparison.OrdinalIgnoreCase))
        {
            destination = TryReadEndpoint(uri, out var endpoint) ? new TlsRptDestination.Https(uri, endpoint) : null;
            return destination is null ? TlsRptUriFault.NoHost : null;
        }

        return TlsRptUriFault.OtherScheme;
    }

    private static bool TryReadEndpoint(string uri, [NotNullWhen(true)] out Uri? endpoint) =>
        Uri.TryCreate(uri, UriKind.Absolute, out endpoint)
        && endpoint.Scheme == Uri.UriSchemeHttps
        && endpoint.Host.Length > 0
        && endpoint.UserInfo.Length == 0;

    private static bool TryReadMailbox(ReadOnlySpan<byte> address, out string mailbox)
    {
        mailbox = string.Empty;

        // RFC 6068 §2: header fields follow a question mark; a report has its own.
        var end = address.IndexOf((byte)'?');
        var decoded = new byte[address.Length];
        if (!TryDecode(end < 0 ? address : address[..end], decoded, out var length))
        {
            return false;
        }

        // RFC 6068 §2, §4: decoded last, and it must not bring lines into a command or a header.
        var text = decoded.AsSpan(0, length);
        if (text.ContainsAnyExceptInRange((byte)' ', (byte)'~') || !Mailbox.TryParse(text, out var read))
        {
            return false;
        }

        mailbox = read.ToString();
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> decoded, out int length)
    {
        length = 0;
        for (var index = 0; index < text.Length; index++)
        {
            var octet = text[index];
            if (octet == '%')
            {
                // RFC 3986 §2.1: a percent sign and two hexadecimal digits.
                if (index + 2 >= text.Length
                    || !char.IsAsciiHexDigit((char)text[index + 1])
                    || !char.IsAsciiHexDigit((char)text[index + 2]))
                {
                    return false;
                }

                octet = Convert.FromHexString(Encoding.ASCII.GetString(text.Slice(index + 1, 2)))[0];
                index += 2;
            }

            decoded[length++] = octet;
        }

        return true;
    }
}
