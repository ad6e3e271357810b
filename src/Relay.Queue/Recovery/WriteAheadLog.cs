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

    /// <summary>
    /// There is a log with commits in it that does not begin as a log does. SQLite brings the beginning to the disk before the first commit's
    /// frames, so behind one that is on no disk lies at most the frame that went over a failed commit, which nobody was promised.
    /// </summary>
    public static bool HasLostCommits(string file, int pageSize)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return RandomAccess.GetLength(handle) > HeaderOctets + FrameHeaderOctets + pageSize && HasBrokenHeader(handle);
    }

    /// <summary>There is something in a log, and it does not begin as a log does.</summary>
    public static bool HasBrokenHeader(SafeFileHandle log)
    {
        Span<byte> header = stackalloc byte[HeaderOctets];
        return RandomAccess.GetLength(log) > HeaderOctets
            && (RandomAccess.Read(log, header, 0) < HeaderOctets || !IsHeader(header, out _));
    }

    /// <summary>
    /// Where in the log the committed version of each page lies; empty when there is no log. Of a log with a broken header the first frame
    /// has to stand for it: what follows must go on from there.
    /// </summary>
    public static Dictionary<uint, long> ReadPages(SafeFileHandle log, int pageSize)
    {
        var header = new byte[HeaderOctets];
        if (RandomAccess.GetLength(log) <= HeaderOctets || RandomAccess.Read(log, header, 0) < HeaderOctets)
        {
            return [];
        }

        if (IsHeader(header, out var sum))
        {
            return (int)Word(header, 2) == pageSize ? ReadFrames(log, pageSize, header.AsSpan(16, 8), (Word(header, 0) & 1) != 0, sum) : [];
        }

        // The order of octets is lost with the header; the wrong one ends behind the first frame.
        var salts = new byte[8];
        RandomAccess.Read(log, salts, HeaderOctets + 8);
        var (little, big) = (ReadFrames(log, pageSize, salts, false, null), ReadFrames(log, pageSize, salts, true, null));
        return little.Count >= big.Count ? little : big;
    }

    private static Dictionary<uint, long> ReadFrames(
        SafeFileHandle log, int pageSize, ReadOnlySpan<byte> salts, bool isBigEndian, (uint, uint)? before)
    {
        var committed = new Dictionary<uint, long>();
        var pending = new Dictionary<uint, long>();
        var isHealthy = before is not null;
        var frame = new byte[FrameHeaderOctets + pageSize];
        for (var at = (long)HeaderOctets; RandomAccess.Read(log, frame, at) == frame.Length; at += frame.Length)
        {
            // Salts tell this log's frames from what an earlier use left behind them, sums what was torn.
            var own = (Word(frame, 4), Word(frame, 5));
            if (!frame.AsSpan(8, 8).SequenceEqual(salts) || (before is { } sum && own != Sum(sum, frame, isBigEndian)))
            {
                break;
            }

            isHealthy |= before is not null;
            before = own;
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

        return isHealthy ? committed : [];
    }

    private static (uint, uint) Sum((uint, uint) before, ReadOnlySpan<byte> frame, bool isBigEndian) =>
        Add(Add(before, frame[..8], isBigEndian), frame[FrameHeaderOctets..], isBigEndian);

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
