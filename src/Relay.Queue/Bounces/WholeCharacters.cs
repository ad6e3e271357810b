namespace Relay.Queue.Bounces;

/// <summary>Cuts text where it may be cut: never between the two halves of a character beyond the basic plane.</summary>
internal static class WholeCharacters
{
    /// <summary>The beginning of a text, at most so long; the rest is said to be left out.</summary>
    public static string Shorten(string text, int most) =>
        text.Length <= most ? text : text[..EndOf(text, most)] + " [...]";

    /// <summary>A word in pieces, each at most so long.</summary>
    public static IEnumerable<string> Pieces(string word, int most)
    {
        for (var at = 0; at < word.Length;)
        {
            var end = EndOf(word, at + most);
            yield return word[at..end];
            at = end;
        }
    }

    private static int EndOf(string text, int at) =>
        at >= text.Length ? text.Length
        : char.IsHighSurrogate(text[at - 1]) && char.IsLowSurrogate(text[at]) ? at - 1
        : at;
}
