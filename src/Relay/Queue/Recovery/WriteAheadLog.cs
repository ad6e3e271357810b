using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Relay.Queue.Recovery;

/// <summary>
/// SQLite's write-ahead log, read without SQLite (sqlite.org/fileformat2.html §4): which pages of the database it replaces. What was
/// committed lately may lie here alone.
/// </summary>
internal static class WriteAheadLog
{
    /// <summary>What its name has behind the database's.</summary>
    public const string Suffix = "-wal";

    private const int HeaderOctets = 32;
    private const int FrameHeaderOctets = 24;
    private const uint Magic = 0x377F0682;

    /// <summary>There is a log with something in it that does not begin as a log does.</summary>
    public static bool HasBrokenHeader(string file)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> header = stackalloc byte[HeaderOctets];
        return RandomAccess.GetLength(handle) > HeaderOctets
            && (RandomAccess.Read(handle, header, 0) < HeaderOctets || !IsHeader(header, out _));
    }

    /// <summary>Where in the log the committed version of each page lies; empty when there is no log.</summary>
    public static Dictionary<uint, long> ReadPages(SafeFileHandle log, int pageSize)
    {
        var committed = new Dictionary<uint, long>();
        var header = new byte[HeaderOctets];
        if (RandomAccess.Read(log, header, 0) < HeaderOctets || !IsHeader(header, out var sum) || (int)Word(header, 2) != pageSize)
        {
            return committed;
        }

        var isBigEndian = (Word(header, 0) & 1) != 0;
        var pending = new Dictionary<uint, long>();
        var frame = new byte[FrameHeaderOctets + pageSize];
        for (var at = (long)HeaderOctets; RandomAccess.Read(log, frame, at) == frame.Length; at += frame.Length)
        {
            // Salts tell this log's frames from what an earlier use left behind them, sums what was torn.
            sum = Add(Add(sum, frame.AsSpan(0, 8), isBigEndian), frame.AsSpan(FrameHeaderOctets), isBigEndian);
            if (!frame.AsSpan(8, 8).SequenceEqual(header.AsSpan(16, 8)) || sum != (Word(frame, 4), Word(frame, 5)))
            {
                break;
            }

            pending[Word(frame, 0)] = at + FrameHeaderOctets;
            if (Word(frame, 1) != 0)
            {
                foreach (var (page, offset) in pending)
                {
                    committed[page] = offset;
                }

                pending.Clear();
            }
        }

        return committed;
    }

    private static bool IsHeader(ReadOnlySpan<byte> header, out (uint, uint) sum)
    {
        var magic = Word(header, 0);
        sum = Add((0, 0), header[..24], (magic & 1) != 0);
        return (magic & ~1u) == Magic && sum == (Word(header, 6), Word(header, 7));
    }

    private static (uint, uint) Add((uint, uint) sum, ReadOnlySpan<byte> octets, bool isBigEndian)
    {
        var (one, two) = sum;
        for (var at = 0; at < octets.Length; at += 8)
        {
            one += Read(octets[at..], isBigEndian) + two;
            two += Read(octets[(at + 4)..], isBigEndian) + one;
        }

        return (one, two);
    }

    private static uint Read(ReadOnlySpan<byte> octets, bool isBigEndian) => isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(octets)
        : BinaryPrimitives.ReadUInt32LittleEndian(octets);

    private static uint Word(ReadOnlySpan<byte> octets, int index) => BinaryPrimitives.ReadUInt32BigEndian(octets[(4 * index)..]);
}
