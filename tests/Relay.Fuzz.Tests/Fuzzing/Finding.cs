namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>A promise broken by a case.</summary>
/// <param name="Number">The number of the case.</param>
/// <param name="Input">Its octets, made as short as was cheap.</param>
/// <param name="Reason">What happened.</param>
internal sealed record Finding(long Number, byte[] Input, string Reason)
{
    private const int MostOctetsShown = 1024;

    /// <summary>The case as text to put into a regression test.</summary>
    public override string ToString()
    {
        var shown = Input.AsSpan(0, Math.Min(Input.Length, MostOctetsShown));
        var text = string.Concat(shown.ToArray().Select(octet => octet is >= 0x20 and < 0x7F and not (byte)'\\' ? ((char)octet).ToString() : $"\\x{octet:X2}"));
        return $"case {Number}, {Input.Length} octets: {Reason}\n  hex {Convert.ToHexStringLower(shown)}\n  text {text}";
    }
}
