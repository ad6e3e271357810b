using System.Net;
using System.Net.Sockets;

namespace Relay.Mail;

/// <summary>Address literals, <c>[192.0.2.1]</c> and <c>[IPv6:2001:db8::1]</c> (RFC 5321 §4.1.3).</summary>
public static class AddressLiteral
{
    private const string Ipv6Tag = "IPv6:";

    /// <summary>Reads a literal in its brackets; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.Length < 3 || text[0] != '[' || text[^1] != ']')
        {
            return false;
        }

        var inner = text[1..^1];
        // RFC 5321 §4.1.3: without the tag only dotted IPv4 is a literal; other tags are not ours to understand.
        return inner.StartsWith(Ipv6Tag, StringComparison.OrdinalIgnoreCase)
            ? TryParse(inner[Ipv6Tag.Length..], AddressFamily.InterNetworkV6, out address)
            : IsDottedQuad(inner) && TryParse(inner, AddressFamily.InterNetwork, out address);
    }

    /// <summary>The literal of an address; a zone, which means something on one machine only, is left out.</summary>
    public static string Of(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[{Ipv6Tag}{new IPAddress(plain.GetAddressBytes())}]"
            : $"[{plain}]";
    }

    private static bool TryParse(ReadOnlySpan<char> text, AddressFamily family, out IPAddress address)
    {
        // A zone (fe80::1%eth0) has a meaning on one machine only; brackets, a port and a prefix, which the platform reads
        // too, are no part of an address (RFC 5321 §4.1.3).
        if (!text.ContainsAny("%[]/") && IPAddress.TryParse(text, out var parsed) && parsed.AddressFamily == family)
        {
            address = parsed;
            return true;
        }

        address = IPAddress.None;
        return false;
    }

    // IPAddress also reads "1", "0x7f.1" and octal; RFC 5321 §4.1.3 knows four decimal numbers only. RFC 5321 §4.1.3, departure: no
    // leading zeros. "010" is eight to some and ten to others, so that nothing is ever delivered there; the client learns it at once.
    private static bool IsDottedQuad(ReadOnlySpan<char> text)
    {
        var numbers = 0;
        foreach (var range in text.Split('.'))
        {
            var number = text[range];
            numbers++;
            if (number.Length is < 1 or > 3 || number.ContainsAnyExceptInRange('0', '9')
                || (number.Length > 1 && number[0] == '0'))
            {
                return false;
            }
        }

        return numbers == 4;
    }
}
