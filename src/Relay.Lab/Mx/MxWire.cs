namespace Relay.Lab.Mx;

/// <summary>Reads lines and content, and writes replies in the chunks wanted.</summary>
internal sealed class MxWire(Stream stream, MxChunking chunking)
{
    private readonly MemoryStream _batch = new();
    private byte[] _buffer = new byte[32 * 1024];
    private int _start;
    private int _end;

    /// <summary>Octets that have arrived and were not taken.</summary>
    public int Buffered => _end - _start;

    /// <summary>The octets up to and with a delimiter; null at the end of the connection.</summary>
    /// <param name="delimiter">What ends it.</param>
    /// <param name="progress">Called once for each number of octets seen; true stops reading, which gives null.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<byte[]?> ReadToAsync(
        ReadOnlyMemory<byte> delimiter, Func<int, Task<bool>>? progress, CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_start + searched, Buffered - searched).IndexOf(delimiter.Span);
            if (found >= 0)
            {
                var taken = searched + found + delimiter.Length;
                _start += taken;
                return _buffer[(_start - taken).._start];
            }

            if (progress is not null && await progress(Buffered))
            {
                return null;
            }

            searched = Math.Max(0, Buffered - delimiter.Length + 1);
            await FlushAsync(cancellationToken);
            if (!await FillAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>Gives back octets to be read again.</summary>
    public void Unread(int count) => _start -= count;

    public async Task WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        switch (chunking)
        {
            case MxChunking.PerOctet:
                for (var i = 0; i < octets.Length; i++)
                {
                    await stream.WriteAsync(octets.Slice(i, 1), cancellationToken);
                }

                break;
            case MxChunking.PerLine:
                while (octets.Length > 0)
                {
                    var end = octets.Span.IndexOf((byte)'\n') is var lf and >= 0 ? lf + 1 : octets.Length;
                    await stream.WriteAsync(octets[..end], cancellationToken);
                    octets = octets[end..];
                }

                break;
            case MxChunking.Batched:
                _batch.Write(octets.Span);
                break;
            default:
                await stream.WriteAsync(octets, cancellationToken);
                break;
        }
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_batch.Length > 0)
        {
            await stream.WriteAsync(_batch.ToArray(), cancellationToken);
            _batch.SetLength(0);
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_end == _buffer.Length)
        {
            var grown = _start > _buffer.Length / 2 ? _buffer : new byte[_buffer.Length * 2];
            _buffer.AsSpan(_start, Buffered).CopyTo(grown);
            (_buffer, _end, _start) = (grown, Buffered, 0);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read > 0;
    }
}
