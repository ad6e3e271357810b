namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>
/// Cuts an input as a network might. Where is decided by the octets themselves, so that a case in hex is all there is to it.
/// </summary>
internal static class Portions
{
    /// <summary>The lengths of the portions; none is empty.</summary>
    public static IReadOnlyList<int> Of(ReadOnlySpan<byte> input)
    {
        var random = new Random(Hash(input));
        var most = random.Next(4) switch { 0 => 1, 1 => 3, 2 => 16, _ => Math.Max(1, input.Length) };
        var lengths = new List<int>();
        for (var left = input.Length; left > 0;)
        {
            var length = random.Next(1, Math.Min(left, most) + 1);
            lengths.Add(length);
            left -= length;
        }

        return lengths;
    }

    /// <summary>The same for the same octets in every process (FNV-1a).</summary>
    public static int Hash(ReadOnlySpan<byte> octets)
    {
        var hash = 2166136261u;
        foreach (var octet in octets)
        {
            hash = unchecked((hash ^ octet) * 16777619u);
        }

        return (int)hash;
    }
}
