namespace Relay.Queue;

/// <summary>
/// A message's number in the queue and, in letters, its name in logs and Received fields. Increases with every message.
/// The default value names no message.
/// </summary>
/// <param name="Value">The number, positive.</param>
public readonly record struct QueueId(long Value)
{
    // Crockford's alphabet: no I, L, O, U, so that an id survives being read over the telephone.
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Reads an id in any letter case; false for anything else.</summary>
    public static bool TryParse(string? text, out QueueId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > 12)
        {
            return false;
        }

        var value = 0L;
        foreach (var character in text)
        {
            // Other scripts have letters whose capital is one of these.
            var digit = char.IsAscii(character)
                ? Alphabet.IndexOf(char.ToUpperInvariant(character), StringComparison.Ordinal)
                : -1;
            if (digit < 0)
            {
                return false;
            }

            value = (value << 5) | (long)digit;
        }

        id = new QueueId(value);
        return value > 0;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<char> letters = stackalloc char[13];
        var start = letters.Length;
        var rest = Value;
        do
        {
            letters[--start] = Alphabet[(int)(rest & 31)];
            rest >>= 5;
        }
        while (rest > 0);
        return new string(letters[start..]);
    }
}
