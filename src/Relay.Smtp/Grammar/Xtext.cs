using System.Text;

namespace Relay.Smtp.Grammar;

/// <summary>The encoding of ENVID and ORCPT values (RFC 3461 §4).</summary>
public static class Xtext
{
    /// <summary>
    /// True for text that is xtext and decodes to printable ASCII. RFC 3461 §4.4 demands that of ENVID; of ORCPT we
    /// demand it too, for the decoded value goes into a field of a notification, and +0D+0A would start another one.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] == (byte)'+')
            {
                // RFC 3461 §4: two upper-case hexadecimal digits.
                if (text.Length < 3 || !IsUpperHex(text[1]) || !IsUpperHex(text[2])
                    || Value(text[1], text[2]) is < 0x20 or > 0x7E)
                {
                    return false;
                }

                text = text[3..];
                continue;
            }

            if (text[0] is < 0x21 or > 0x7E or (byte)'=')
            {
                return false;
            }

            text = text[1..];
        }

        return true;
    }

    /// <summary>What the text stands for; a <c>+</c> that is not followed by two hexadecimal digits stands for itself.</summary>
    public static string Decode(string text)
    {
        var decoded = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '+' && at + 2 < text.Length && char.IsAsciiHexDigitUpper(text[at + 1]) && char.IsAsciiHexDigitUpper(text[at + 2]))
            {
                decoded.Append((char)Value((byte)text[at + 1], (byte)text[at + 2]));
                at += 2;
            }
            else
            {
                decoded.Append(text[at]);
            }
        }

        return decoded.ToString();
    }

    private static bool IsUpperHex(byte digit) => char.IsAsciiHexDigitUpper((char)digit);

    private static int Value(byte high, byte low) => (Digit(high) << 4) | Digit(low);

    private static int Digit(byte digit) => digit <= (byte)'9' ? digit - '0' : digit - 'A' + 10;
}
