using System.Buffers;
using System.Runtime.CompilerServices;
using Relay.Smtp;

namespace Relay.Reception.Spooling;

/// <summary>
/// A message's octets as they were spooled: trace fields first, then pieces in memory or a temporary file. May be read
/// by several deliveries at once.
/// </summary>
internal sealed class SpooledContent : MessageContent
{
    private const int FirstPieceSize = 16 * 1024;
    private const int PieceSize = 64 * 1024;

    private readonly Spool _spool;
    private readonly string _name;
    private readonly SpooledOctets _room;
    private readonly List<Piece> _pieces = [];
    private byte[] _trace = [];
    private FileStream? _file;
    private long _written;
    private bool _isEightBit;

    public SpooledContent(Spool spool, string name, AddressBlock client)
    {
        _room = spool.RoomFor(client);
        _spool = spool;
        _name = name;
    }

    /// <inheritdoc/>
    public override long Octets => _trace.Length + _written;

    /// <inheritdoc/>
    public override bool IsEightBit => _isEightBit;

    /// <summary>Appends octets, if they have room. Throws <see cref="IOException"/> when the disk fails.</summary>
    public ValueTask<SpoolRoom> AppendAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        var kept = _file is null && _written + octets.Length <= Spool.MemoryLimit ? Keep(octets.Span) : 0;
        return kept == octets.Length ? ValueTask.FromResult(SpoolRoom.Taken) : AppendToFileAsync(octets[kept..], cancellationToken);
    }

    /// <summary>Puts the trace fields in front; nothing is appended after that.</summary>
    public void Complete(byte[] trace, bool isEightBit)
    {
        _trace = trace;
        _isEightBit = isEightBit;
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return _trace;
        foreach (var piece in _pieces)
        {
            yield return piece.Octets.AsMemory(0, piece.Length);
        }

        if (_file is null)
        {
            yield break;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            for (long offset = 0; offset < _written;)
            {
                var read = await RandomAccess.ReadAsync(_file.SafeFileHandle, buffer, offset, cancellationToken);
                if (read == 0)
                {
                    throw new IOException($"The spooled message {_name} ends early");
                }

                offset += read;
                yield return buffer.AsMemory(0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ReleasePieces();
            _file?.Dispose();
            _file = null;
            _room.Return();
        }

        base.Dispose(disposing);
    }

    // Returns how many octets found room in memory.
    private int Keep(ReadOnlySpan<byte> octets)
    {
        var kept = 0;
        while (kept < octets.Length && PieceWithRoom() is { } piece)
        {
            var part = octets[kept..Math.Min(octets.Length, kept + piece.Room)];
            part.CopyTo(piece.Octets.AsSpan(piece.Length));
            piece.Length += part.Length;
            kept += part.Length;
        }

        _written += kept;
        return kept;
    }

    private Piece? PieceWithRoom()
    {
        if (_pieces is [.., { Room: > 0 } last])
        {
            return last;
        }

        // The first piece fits the common message; a larger one is taken in larger steps.
        var size = _pieces.Count == 0 ? FirstPieceSize : PieceSize;
        if (!_spool.Budget.TryTake(size))
        {
            return null;
        }

        var piece = new Piece(ArrayPool<byte>.Shared.Rent(size), size);
        _pieces.Add(piece);
        return piece;
    }

    private async ValueTask<SpoolRoom> AppendToFileAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        var added = octets.Length + (_file is null ? _written : 0);
        if (_room.Take(added) is not SpoolRoom.Taken and var missing)
        {
            return missing;
        }

        if (_file is null)
        {
            _file = _spool.CreateFile(_name);
            foreach (var piece in _pieces)
            {
                await _file.WriteAsync(piece.Octets.AsMemory(0, piece.Length), cancellationToken);
            }

            ReleasePieces();
        }

        await _file.WriteAsync(octets, cancellationToken);
        _room.Written(added);
        _written += octets.Length;
        return SpoolRoom.Taken;
    }

    private void ReleasePieces()
    {
        foreach (var piece in _pieces)
        {
            ArrayPool<byte>.Shared.Return(piece.Octets);
            _spool.Budget.Return(piece.Size);
        }

        _pieces.Clear();
    }

    private sealed class Piece(byte[] octets, int size)
    {
        public byte[] Octets { get; } = octets;

        public int Size { get; } = size;

        public int Length { get; set; }

        public int Room => Size - Length;
    }
}
