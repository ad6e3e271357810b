using System.Buffers;
using System.Globalization;
using System.Text;

namespace Relay.Mail;

/// <summary>The non-ASCII text of RFC 6531.</summary>
public static class Utf8Text
{
    /// <summary>
    /// Valid UTF-8 without controls and line separators: RFC 6531 §3.3 takes any UTF-8 that is not ASCII, but C1
    /// controls and U+2028 would break log lines and header fields.
    /// </summary>
    public static bool IsPrintable(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(octets, out var rune, out var used) != OperationStatus.Done
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }

            octets = octets[used..];
        }

        return true;
    }
}
