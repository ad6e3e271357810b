using System.Globalization;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>What every text from a remote party has to keep once it is ours.</summary>
internal static class PlainText
{
    /// <summary>No control, no line separator, and no half of a character: it stays on its line wherever it goes.</summary>
    public static void IsClean(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            Assert.False(
                rune == System.Text.Rune.ReplacementChar
                || System.Text.Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
                $"U+{rune.Value:X4} in \"{text}\"");
        }
    }
}
