using System.Buffers.Binary;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>Damages octets in the ways that break parsers.</summary>
internal sealed class ByteMutator(IReadOnlyList<byte[]> seeds, IReadOnlyList<byte[]> tokens, int maxLength)
{
    private const int MostChanges = 8;
    private const int RarelyGrows = 500;

    private static readonly byte[] Octets = [0, 1, 9, 10, 13, 32, (byte)'"', (byte)'.', (byte)';', (byte)'=', 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF];

    private static readonly uint[] Numbers =
        [0, 1, 12, 63, 64, 127, 128, 255, 256, 512, 998, 1000, 0x3FFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

    /// <summary>One seed, damaged one to eight times.</summary>
    public byte[] MutateSeed(Random random) => Mutate(seeds[random.Next(seeds.Count)], random);

    /// <summary>These octets, damaged one to eight times.</summary>
    public byte[] Mutate(byte[] input, Random random)
    {
        var octets = new List<byte>(input);
        // Few changes mostly: what is broken in eight places is refused for the first of them.
        for (var changes = 1 + Math.Min(random.Next(MostChanges), random.Next(MostChanges / 2)); changes > 0; changes--)
        {
            Change(octets, random);
        }

        if (random.Next(RarelyGrows) == 0)
        {
            Grow(octets, random);
        }

        return octets.Count > maxLength ? [.. octets.Take(maxLength)] : [.. octets];
    }

    private void Change(List<byte> octets, Random random)
    {
        var at = random.Next(octets.Count + 1);
        var length = random.Next(Math.Min(octets.Count - at, 32) + 1);
        switch (random.Next(11))
        {
            case 0 when at < octets.Count:
                octets[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < octets.Count:
                octets[at] = (byte)random.Next(256);
                break;
            case 2 when at < octets.Count:
                octets[at] = Octets[random.Next(Octets.Length)];
                break;
            case 3:
                octets.Insert(at, Octets[random.Next(Octets.Length)]);
                break;
            case 4:
                octets.RemoveRange(at, length);
                break;
            case 5:
                octets.InsertRange(at, octets.GetRange(at, length));
                break;
            case 6:
                Splice(octets, at, random);
                break;
            case 7 when tokens.Count > 0:
                octets.InsertRange(at, tokens[random.Next(tokens.Count)]);
                break;
            case 8 when tokens.Count > 0:
                octets.RemoveRange(at, length);
                octets.InsertRange(at, tokens[random.Next(tokens.Count)]);
                break;
            case 9:
                WriteNumber(octets, at, random);
                break;
            default:
                octets.RemoveRange(at, random.Next(4) == 0 ? octets.Count - at : length);
                break;
        }
    }

    // The front of one input with the back of another.
    private void Splice(List<byte> octets, int at, Random random)
    {
        var other = seeds[random.Next(seeds.Count)];
        octets.RemoveRange(at, octets.Count - at);
        octets.AddRange(other[random.Next(other.Length + 1)..]);
    }

    // Big-endian, as in DNS; in text a number in digits does the same to a length or a size.
    private static void WriteNumber(List<byte> octets, int at, Random random)
    {
        var number = Numbers[random.Next(Numbers.Length)];
        if (random.Next(2) == 0)
        {
            octets.InsertRange(at, System.Text.Encoding.ASCII.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            return;
        }

        Span<byte> wire = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(wire, number);
        var size = random.Next(2) == 0 ? 2 : 4;
        for (var i = 0; i < size && at + i < octets.Count; i++)
        {
            octets[at + i] = wire[4 - size + i];
        }
    }

    // A piece over and over: long lines, many parameters, many records.
    private void Grow(List<byte> octets, Random random)
    {
        var from = random.Next(octets.Count + 1);
        var piece = octets.GetRange(from, random.Next(octets.Count - from + 1));
        if (piece.Count == 0)
        {
            piece.Add(Octets[random.Next(Octets.Length)]);
        }

        var goal = random.Next(octets.Count, Math.Max(octets.Count, maxLength) + 1);
        var grown = new List<byte>(goal + piece.Count);
        while (grown.Count + octets.Count < goal)
        {
            grown.AddRange(piece);
        }

        octets.InsertRange(from, grown);
    }
}
