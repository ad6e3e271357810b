using System.Buffers.Binary;
using System.Text;

namespace Relay.Queue.Recovery;

/// <summary>Reads a row from its record (sqlite.org/fileformat2.html §2.1). What does not hold together is no row.</summary>
internal static class RecordReader
{
    private const int MostColumns = 64;

    /// <summary>The values: null, <see cref="long"/>, <see cref="string"/> or an array of octets.</summary>
    public static bool TryRead(ReadOnlySpan<byte> record, out object?[] values)
    {
        values = [];
        if (!TryReadVarint(record, out var headerOctets, out var at) || headerOctets > record.Length || headerOctets < at)
        {
            return false;
        }

        var types = new List<long>();
        while (at < headerOctets)
        {
            if (types.Count == MostColumns || !TryReadVarint(record[at..(int)headerOctets], out var type, out var length))
            {
                return false;
            }

            types.Add(type);
            at += length;
        }

        var read = new object?[types.Count];
        for (var column = 0; column < read.Length; column++)
        {
            var octets = OctetsOf(types[column]);
            if (octets < 0 || octets > record.Length - at)
            {
                return false;
            }

            read[column] = ValueOf(types[column], record.Slice(at, (int)octets));
            at += (int)octets;
        }

        values = read;
        return at == record.Length;
    }

    /// <summary>Reads an integer of one to nine octets.</summary>
    public static bool TryReadVarint(ReadOnlySpan<byte> octets, out long value, out int length)
    {
        value = 0;
        for (length = 0; length < Math.Min(9, octets.Length);)
        {
            var octet = octets[length++];
            if (length == 9)
            {
                value = (value << 8) | octet;
                return true;
            }

            value = (value << 7) | (long)(octet & 0x7F);
            if (octet < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private static long OctetsOf(long type) => type switch
    {
        0 or 8 or 9 => 0,
        >= 1 and <= 4 => type,
        5 => 6,
        6 or 7 => 8,
        >= 12 => (type - 12) / 2,
        _ => -1,
    };

    private static object? ValueOf(long type, ReadOnlySpan<byte> octets) => type switch
    {
        0 => null,
        8 => 0L,
        9 => 1L,
        7 => BinaryPrimitives.ReadDoubleBigEndian(octets),
        < 7 => IntegerOf(octets),
        _ when type % 2 == 0 => octets.ToArray(),
        _ => Encoding.UTF8.GetString(octets),
    };

    private static long IntegerOf(ReadOnlySpan<byte> octets)
    {
        long value = (sbyte)octets[0];
        foreach (var octet in octets[1..])
        {
            value = (value << 8) | octet;
        }

        return value;
    }
}
