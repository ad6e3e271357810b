using System.Buffers;
using System.Text;

namespace Relay.Mail;

/// <summary>Domains and address literals (RFC 5321 §4.1.2, §4.1.3; U-labels by RFC 6531 §3.3).</summary>
public static class DomainSyntax
{
    /// <summary>Octets of a domain (RFC 5321 §4.5.3.1.2).</summary>
    public const int MaxOctets = 255;

    private const int MaxLabelOctets = 63;

    // The longest text of an IPv6 address has 45 characters; more are not looked into.
    private const int MaxLiteralOctets = 62;

    private static readonly SearchValues<byte> LabelOctets =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"u8);

    private static readonly SearchValues<byte> HelloOctets =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"u8);

    /// <summary>
    /// RFC 5321 §4.1.1.1, departure: underscores, empty labels and the like pass, for real hosts are named so and
    /// §4.1.4 forbids to refuse mail for a name that proves wrong; nothing passes that could break a log line or a
    /// trace field.
    /// </summary>
    public static bool IsHelloName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= MaxOctets
        && (name[0] == (byte)'[' ? IsAddressLiteral(name) : !name.ContainsAnyExcept(HelloOctets));

    /// <summary>A domain of LDH labels, A-labels or U-labels in valid UTF-8.</summary>
    public static bool IsDomain(ReadOnlySpan<byte> domain)
    {
        if (domain.Length is 0 or > MaxOctets)
        {
            return false;
        }

        while (true)
        {
            var dot = domain.IndexOf((byte)'.');
            if (!IsLabel(dot < 0 ? domain : domain[..dot]))
            {
                return false;
            }

            if (dot < 0)
            {
                return true;
            }

            domain = domain[(dot + 1)..];
        }
    }

    /// <summary>An IPv4 address or <c>IPv6:</c> and an IPv6 address, in brackets.</summary>
    public static bool IsAddressLiteral(ReadOnlySpan<byte> literal)
    {
        if (literal.Length > MaxLiteralOctets || !Ascii.IsValid(literal))
        {
            return false;
        }

        Span<char> text = stackalloc char[literal.Length];
        Encoding.ASCII.GetChars(literal, text);
        return AddressLiteral.TryParse(text, out _);
    }

    private static bool IsLabel(ReadOnlySpan<byte> label)
    {
        if (label.IsEmpty || label[0] == (byte)'-' || label[^1] == (byte)'-')
        {
            return false;
        }

        if (!label.ContainsAnyExcept(LabelOctets))
        {
            return label.Length <= MaxLabelOctets;
        }

        // RFC 6531 §3.3: a U-label; whether IDNA allows it is found when it is looked up.
        foreach (var octet in label)
        {
            if (octet < 0x80 && !LabelOctets.Contains(octet))
            {
                return false;
            }
        }

        return Utf8Text.IsPrintable(label);
    }
}
