using Relay.Logging;

namespace Relay.Commands;

/// <summary>Makes text of remote parties (DNS, policy hosts, certificates, mail servers) safe to show on a terminal.</summary>
internal static class PlainText
{
    /// <summary>The text with <c>?</c> for every character that is not to be shown as it is.</summary>
    public static string Of(string text) => Unprintable.IsIn(text)
        ? string.Concat(text.EnumerateRunes().Select(character => Unprintable.Is(character) ? "?" : character.ToString()))
        : text;

    /// <summary>JSON with the same characters escaped; its own line ends stay.</summary>
    public static string OfJson(string json) => Unprintable.EscapedInJson(json);
}
