using System.Buffers.Binary;

namespace Relay.Sqlite;

/// <summary>
/// A database whose first octets are gone: what they said is the same in all files made here (sqlite.org/fileformat2.html §1.3), and behind
/// them every page may be whole.
/// </summary>
internal static class LostHeader
{
    private const int Octets = 100;
    private const ushort PageSize = 4096;

    /// <summary>Makes a copy with a header, where a file has pages and no header; false where it has one, or nothing behind it.</summary>
    public static bool TryMend(string file, string copy)
    {
        Span<byte> header = stackalloc byte[Octets];
        using (var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            if (source.Length < PageSize || source.ReadAtLeast(header, Octets, throwOnEndOfStream: false) < Octets
                || header.StartsWith("SQLite format 3\0"u8))
            {
                return false;
            }

            using var target = new FileStream(copy, FileMode.Open, FileAccess.Write);
            var hasLog = File.Exists(file + "-wal");
            Write(header, (uint)(source.Length / PageSize), hasLog);
            target.Write(header);
            source.CopyTo(target);
            if (hasLog)
            {
                File.Copy(file + "-wal", copy + "-wal", overwrite: true);
            }
        }

        return true;
    }

    private static void Write(Span<byte> header, uint pages, bool hasLog)
    {
        header.Clear();
        "SQLite format 3\0"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header[16..], PageSize);

        // Versions for writing and reading: 2 with a log; then the fractions of a page, which are fixed.
        (header[18], header[19]) = hasLog ? ((byte)2, (byte)2) : ((byte)1, (byte)1);
        (header[21], header[22], header[23]) = (64, 32, 32);

        // The change counter, equal to the one below for which the number of pages holds; schema's cookie and format; UTF-8.
        BinaryPrimitives.WriteUInt32BigEndian(header[24..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(header[28..], pages);
        BinaryPrimitives.WriteUInt32BigEndian(header[40..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(header[44..], 4);
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(header[92..], 1);
    }
}
