using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>Parts from which generators of octets are put together.</summary>
internal static class Grammar
{
    /// <summary>Any octets, few of them.</summary>
    public static Gen<byte[]> Noise { get; } =
        Gen.Choose(0, 255).Select(octet => (byte)octet).ListOf().Select(octets => octets.Take(12).ToArray());

    /// <summary>One of these texts; characters up to U+00FF stand for octets.</summary>
    public static Gen<byte[]> Of(params string[] texts) => Gen.Elements(texts.Select(Octets).ToArray());

    /// <summary>One of these texts, mostly; now and then noise.</summary>
    public static Gen<byte[]> Mostly(params string[] texts) => Gen.Frequency((19, Of(texts)), (1, Noise));

    /// <summary>Mostly one of the sound texts, now and then one of the nasty ones.</summary>
    public static Gen<byte[]> Either(string[] sound, string[] nasty) => Gen.Frequency((15, Of(sound)), (1, Of(nasty)));

    /// <summary>All parts, one behind the other.</summary>
    public static Gen<byte[]> Row(params Gen<byte[]>[] parts) => Gen.CollectToArray(parts).Select(Join);

    /// <summary>So many of a part.</summary>
    public static Gen<byte[]> Times(int least, int most, Gen<byte[]> part) =>
        from count in Gen.Choose(least, most)
        from parts in part.ArrayOf(count)
        select Join(parts);

    /// <summary>A piece as many times as given: for lengths about a limit.</summary>
    public static Gen<byte[]> Run(string piece, params int[] counts) =>
        Gen.Elements(counts).Select(count => Octets(string.Concat(Enumerable.Repeat(piece, count))));

    public static byte[] Octets(string text) => Encoding.Latin1.GetBytes(text);

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Join(IReadOnlyList<byte[]> parts) => [.. parts.SelectMany(part => part)];
}
