using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Recovery;

/// <summary>
/// The pages of a database file with those that its write-ahead log replaces, read without SQLite, which gives up on a file whose header or
/// inner pages are damaged however much lies sound behind them (sqlite.org/fileformat2.html §1).
/// </summary>
internal sealed class DamagedFile : IDisposable
{
    private const int FirstTrunk = 32;

    private readonly SafeFileHandle _database;
    private readonly SafeFileHandle? _log;
    private readonly Dictionary<uint, long> _logged;

    /// <summary>Opens the files; nothing is written to them.</summary>
    public DamagedFile(string path)
    {
        _database = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (File.Exists(path + WriteAheadLog.Suffix))
        {
            _log = File.OpenHandle(path + WriteAheadLog.Suffix, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            IsLogDoubtful = WriteAheadLog.HasBrokenHeader(_log);
        }

        _logged = _log is null ? [] : WriteAheadLog.ReadPages(_log, PageSize);
        var last = _logged.Count == 0 ? 0 : _logged.Keys.Max();
        PageCount = Math.Max((uint)(RandomAccess.GetLength(_database) / PageSize), last);
    }

    /// <summary>The log does not begin as one, so that its first page is taken unproven.</summary>
    public bool IsLogDoubtful { get; }

    /// <summary>Octets of a page.</summary>
    public static int PageSize => SqliteDataSource.PageOctets;

    /// <summary>Pages are numbered from 1 to this.</summary>
    public uint PageCount { get; }

    /// <summary>Reads a page; false when it is not there.</summary>
    public bool TryRead(uint page, Span<byte> octets)
    {
        if (page == 0 || page > PageCount)
        {
            return false;
        }

        return _logged.TryGetValue(page, out var offset)
            ? RandomAccess.Read(_log!, octets, offset) == octets.Length
            : RandomAccess.Read(_database, octets, (long)(page - 1) * PageSize) == octets.Length;
    }

    /// <summary>
    /// The pages on the list of free ones: what they hold was deleted. False when the list is damaged, so that more may be free.
    /// </summary>
    public bool TryReadFree(HashSet<uint> free)
    {
        var octets = new byte[PageSize];
        if (!TryRead(1, octets) || !octets.AsSpan().StartsWith("SQLite format 3\0"u8))
        {
            return false;
        }

        var trunk = Word(octets, FirstTrunk);
        var expected = Word(octets, FirstTrunk + 4);
        while (trunk != 0)
        {
            if (free.Count > expected || !free.Add(trunk) || !TryRead(trunk, octets))
            {
                return false;
            }

            var leaves = Word(octets, 4);
            if (leaves > (PageSize / 4) - 2)
            {
                return false;
            }

            for (var index = 0; index < leaves; index++)
            {
                if (Word(octets, 8 + (4 * index)) is var leaf && (leaf < 2 || leaf > PageCount || !free.Add(leaf)))
                {
                    return false;
                }
            }

            trunk = Word(octets, 0);
        }

        return free.Count == expected;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _database.Dispose();
        _log?.Dispose();
    }

    private static uint Word(ReadOnlySpan<byte> octets, int at) => BinaryPrimitives.ReadUInt32BigEndian(octets[at..]);
}
