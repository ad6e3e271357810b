using System.Buffers.Binary;

namespace Relay.Queue.Recovery;

/// <summary>Reads the rows that one page holds (sqlite.org/fileformat2.html §1.6), following the overflow pages of large ones.</summary>
internal sealed class PageRows(DamagedFile file)
{
    private const byte IndexInterior = 0x02;
    private const byte TableInterior = 0x05;
    private const byte IndexLeaf = 0x0A;
    private const byte TableLeaf = 0x0D;

    // The largest row is a message with its first piece of 256 KiB, or a chunk of as much.
    private const int MostOctets = 1024 * 1024;

    private readonly byte[] _overflow = new byte[DamagedFile.PageSize];

    /// <summary>The kind of row, and what it holds.</summary>
    /// <param name="IsTable">It lies under a rowid; else in an index or a table in the order of its key.</param>
    /// <param name="RowId">The rowid.</param>
    /// <param name="Values">Its columns.</param>
    internal readonly record struct Row(bool IsTable, long RowId, object?[] Values);

    /// <summary>The rows that can be read; a row that cannot is left out alone.</summary>
    public List<Row> Read(ReadOnlySpan<byte> page, uint number)
    {
        var rows = new List<Row>();
        var header = number == 1 ? page[100..] : page;
        var isInterior = header[0] is IndexInterior or TableInterior;
        if (header[0] is not (IndexInterior or IndexLeaf or TableLeaf))
        {
            return rows;
        }

        var cells = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
        var pointers = header[(isInterior ? 12 : 8)..];
        for (var cell = 0; cell < cells && 2 * cell < pointers.Length - 1; cell++)
        {
            var at = BinaryPrimitives.ReadUInt16BigEndian(pointers[(2 * cell)..]) + (isInterior ? 4 : 0);
            if (at < page.Length && TryReadCell(page[at..], header[0] == TableLeaf, out var row))
            {
                rows.Add(row);
            }
        }

        return rows;
    }

    /// <summary>The pages below an inner page.</summary>
    public static List<uint> Children(ReadOnlySpan<byte> page, uint number)
    {
        var children = new List<uint>();
        var header = number == 1 ? page[100..] : page;
        if (header[0] is not (IndexInterior or TableInterior))
        {
            return children;
        }

        var cells = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
        children.Add(BinaryPrimitives.ReadUInt32BigEndian(header[8..]));
        for (var cell = 0; cell < cells && 2 * cell < header.Length - 14; cell++)
        {
            var at = BinaryPrimitives.ReadUInt16BigEndian(header[(12 + (2 * cell))..]);
            if (at <= page.Length - 4)
            {
                children.Add(BinaryPrimitives.ReadUInt32BigEndian(page[at..]));
            }
        }

        return children;
    }

    private bool TryReadCell(ReadOnlySpan<byte> cell, bool isTable, out Row row)
    {
        row = default;
        if (!RecordReader.TryReadVarint(cell, out var octets, out var at) || octets is < 1 or > MostOctets)
        {
            return false;
        }

        var rowId = 0L;
        if (isTable)
        {
            if (!RecordReader.TryReadVarint(cell[at..], out rowId, out var length))
            {
                return false;
            }

            at += length;
        }

        if (!TryReadPayload(cell[at..], (int)octets, isTable, out var record) || !RecordReader.TryRead(record, out var values))
        {
            return false;
        }

        row = new Row(isTable, rowId, values);
        return true;
    }

    private bool TryReadPayload(ReadOnlySpan<byte> cell, int octets, bool isTable, out byte[] record)
    {
        var usable = DamagedFile.PageSize;
        var most = isTable ? usable - 35 : ((usable - 12) * 64 / 255) - 23;
        var least = ((usable - 12) * 32 / 255) - 23;
        var local = octets;
        if (octets > most)
        {
            var rest = least + ((octets - least) % (usable - 4));
            local = rest <= most ? rest : least;
        }

        record = [];
        if (local + (local < octets ? 4 : 0) > cell.Length)
        {
            return false;
        }

        record = new byte[octets];
        cell[..local].CopyTo(record);
        return local == octets || TryReadOverflow(BinaryPrimitives.ReadUInt32BigEndian(cell[local..]), record.AsSpan(local));
    }

    // The chain must be exactly as long as the row. A page of zeros is taken for damage too: no mail looks like that.
    private bool TryReadOverflow(uint page, Span<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            if (!file.TryRead(page, _overflow) || !_overflow.AsSpan().ContainsAnyExcept((byte)0))
            {
                return false;
            }

            var part = _overflow.AsSpan(4, Math.Min(rest.Length, _overflow.Length - 4));
            part.CopyTo(rest);
            rest = rest[part.Length..];
            page = BinaryPrimitives.ReadUInt32BigEndian(_overflow);
        }

        return page == 0;
    }
}
