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

    /// <summary>JSON with the same characters escaped; its own line ends stay. They occur nowhere but inside its strings.</summary>
    public static string OfJson(string json) => json.Any(IsUnsafeInJson)
        ? string.Concat(json.Select(c =>
            IsUnsafeInJson(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString()))
        : json;

    private static bool IsUnsafeInJson(char c) => c != '\n' && IsUnsafe(c);

    private static bool IsUnsafe(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
