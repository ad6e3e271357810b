using System.Globalization;
using System.Text;

namespace Relay.Logging;

/// <summary>
/// The characters that neither the log nor a command shows as they are, whatever its form: they could move the cursor, change
/// colours, break the line, turn the direction of writing or hide.
/// </summary>
internal static class Unprintable
{
    /// <summary>Whether it is one of them.</summary>
    public static bool Is(Rune character) => Rune.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    /// <summary>Whether the text holds any.</summary>
    public static bool IsIn(string text)
    {
        // Most of what is written is plain ASCII.
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return false;
        }

        foreach (var character in text.EnumerateRunes())
        {
            if (Is(character))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>JSON with them escaped; its own line ends stay. They occur nowhere but inside its strings.</summary>
    public static string EscapedInJson(string json)
    {
        if (!IsIn(json))
        {
            return json;
        }

        var text = new StringBuilder(json.Length + 16);
        Span<char> units = stackalloc char[2];
        foreach (var character in json.EnumerateRunes())
        {
            var length = character.EncodeToUtf16(units);
            if (character.Value == '\n' || !Is(character))
            {
                text.Append(units[..length]);
                continue;
            }

            foreach (var unit in units[..length])
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
        }

        return text.ToString();
    }
}
