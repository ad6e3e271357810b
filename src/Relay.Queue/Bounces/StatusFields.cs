using System.Globalization;
using System.Text;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>
/// Writes fields of header and delivery status: folded to short lines, and with nothing in them that could end a field, for
/// they hold what remote parties said (RFC 5322 §2.2).
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="isUtf8">Text beyond ASCII may stand (RFC 6532 §3, RFC 6533 §4); else it is put into other words.</param>
internal sealed class StatusFields(StringBuilder output, bool isUtf8)
{
    // RFC 5322 §2.1.1: at most 78 where it can be had; a word that is longer is cut where 998 would be passed even in UTF-8.
    private const int FoldAt = 76;
    private const int LongestWord = 240;
    private const int LongestLine = 998;

    /// <summary>An RFC 5322 date-time.</summary>
    public static string Date(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    /// <summary>A field.</summary>
    public void Add(string name, string value)
    {
        output.Append(name).Append(':');
        var column = name.Length + 1;
        foreach (var word in Words(value))
        {
            if (column + 1 + word.Length > FoldAt && column > name.Length + 1)
            {
                output.Append("\r\n");
                column = 0;
            }

            output.Append(' ').Append(word);
            column += 1 + word.Length;
        }

        output.Append("\r\n");
    }

    /// <summary>A field whose value has a form of its own, which folding would change; folded only where it is too long.</summary>
    public void AddExact(string name, string value)
    {
        if (name.Length + 2 + Encoding.UTF8.GetByteCount(value) > LongestLine)
        {
            Add(name, value);
        }
        else
        {
            output.Append(name).Append(": ").Append(Clean(value)).Append("\r\n");
        }
    }

    /// <summary>An address with its type (RFC 3464 §2.1.2, RFC 6533 §3).</summary>
    public void AddAddress(string name, string type, string address)
    {
        if (Ascii.IsValid(address))
        {
            AddExact(name, $"{type}; {address}");
        }
        else
        {
            AddExact(name, $"utf-8; {(isUtf8 ? address : Escape(address))}");
        }
    }

    /// <summary>The empty line between groups of fields.</summary>
    public void EndGroup() => output.Append("\r\n");

    /// <summary>ORCPT as a field: its type, and the address decoded (RFC 3461 §4.2).</summary>
    public void AddOriginalRecipient(string given)
    {
        var semicolon = given.IndexOf(';', StringComparison.Ordinal);
        AddAddress("Original-Recipient", given[..Math.Max(0, semicolon)], Xtext.Decode(given[(semicolon + 1)..]));
    }

    private IEnumerable<string> Words(string value) =>
        Clean(value).Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => WholeCharacters.Pieces(word, LongestWord));

    private string Clean(string value)
    {
        var clean = new StringBuilder(value.Length);
        foreach (var character in value)
        {
            clean.Append(
                char.IsControl(character) || char.IsWhiteSpace(character) ? ' '
                : character < 0x80 || isUtf8 ? character
                : '?');
        }

        return clean.ToString();
    }

    // RFC 6533 §3, utf-8-addr-xtext: \x{HEX} for what is not ASCII, so that it passes where only seven bits do.
    private static string Escape(string address)
    {
        var escaped = new StringBuilder(address.Length);
        foreach (var rune in address.EnumerateRunes())
        {
            if (rune.IsAscii && rune.Value is not ('\\' or '+' or '='))
            {
                escaped.Append((char)rune.Value);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}");
            }
        }

        return escaped.ToString();
    }
}
