using System.Globalization;

namespace Relay.Commands;

/// <summary>Makes text of strangers (DNS, policy hosts, certificates, mail servers) safe to show on a terminal.</summary>
internal static class PlainText
{
    /// <summary>
    /// The text with every character that could move the cursor, change colours, break the line or turn the direction of
    /// writing replaced by <c>?</c>.
    /// </summary>
    public static string Of(string text) =>
        text.Any(IsUnsafe) ? string.Concat(text.Select(c => IsUnsafe(c) ? '?' : c)) : text;

    private static bool IsUnsafe(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
