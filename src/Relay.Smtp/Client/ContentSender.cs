using System.Buffers;
using System.Data.Common;

namespace Relay.Smtp.Client;

/// <summary>Sends the content with its final dot (RFC 5321 §4.1.1.4), in large writes from a pooled buffer.</summary>
internal sealed class ContentSender : IDisposable
{
    // As much as one TLS record carries (RFC 8446 §5.1), so that a small message is one record with its final dot.
    private const int BlockSize = 16 * 1024;

    private readonly SmtpConnection _connection;
    private readonly SmtpTimeouts _timeouts;
    private readonly TimeSpan _writtenBefore;
    private readonly DotStuffer _stuffer = new();
    private readonly byte[] _block = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int _length;
    private long _sent;

    /// <param name="connection">Where to.</param>
    /// <param name="timeouts">For each block (RFC 5321 §4.5.3.2.5), and for all.</param>
    public ContentSender(SmtpConnection connection, SmtpTimeouts timeouts)
    {
        _connection = connection;
        _timeouts = timeouts;
        _writtenBefore = connection.WriteTime;
    }

    /// <summary>Null once the final dot was handed to the network.</summary>
    public async Task<SessionFault?> SendAsync(MessageContent content, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var piece in content.ReadAsync(cancellationToken))
            {
                if (await CopyAsync(piece, cancellationToken) is { } fault)
                {
                    return fault;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or DbException)
        {
            // RFC 5321 §4.1.1.4: the dot would tell the server that this was the whole message.
            return Unavailable(SmtpConnection.OneLine(e));
        }

        return _stuffer.TryEnd() ? await EndAsync(cancellationToken) : Unavailable("a CR alone at the end");
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_block);

    private async ValueTask<SessionFault?> CopyAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!_stuffer.TryCopy(piece.Span, _block.AsSpan(_length), out var consumed, out var written))
            {
                return Unavailable("a CR or LF alone in the content");
            }

            piece = piece[consumed..];
            _length += written;
            if (piece.IsEmpty)
            {
                return null;
            }

            if (await FlushAsync(SmtpStage.Content, cancellationToken) is { } fault)
            {
                return fault;
            }
        }
    }

    private async ValueTask<SessionFault?> EndAsync(CancellationToken cancellationToken)
    {
        // RFC 5321 §4.1.1.4: the CRLF that ends the last line also begins the end mark; it is added only where missing.
        var end = _stuffer.IsAtLineStart ? ".\r\n"u8.ToArray() : "\r\n.\r\n"u8.ToArray();
        if (_block.Length - _length < end.Length && await FlushAsync(SmtpStage.Content, cancellationToken) is { } fault)
        {
            return fault;
        }

        end.CopyTo(_block, _length);
        _length += end.Length;
        return await FlushAsync(SmtpStage.EndOfData, cancellationToken);
    }

    private async ValueTask<SessionFault?> FlushAsync(SmtpStage stage, CancellationToken cancellationToken)
    {
        // Looked at between blocks, each of which has its time; the last goes out in any case, for what it ends is all there.
        if (stage == SmtpStage.Content && IsOverdue())
        {
            return new SessionFault(
                SessionFaultKind.TimedOut, stage, $"the server takes fewer than {_timeouts.MinOctetsPerSecond} octets a second");
        }

        var fault = await _connection.WriteAsync(_block.AsMemory(0, _length), stage, _timeouts.Block, cancellationToken);
        _sent += _length;
        _length = 0;
        return fault;
    }

    private bool IsOverdue()
    {
        var allowed = _timeouts.ContentGrace + TimeSpan.FromSeconds((double)_sent / _timeouts.MinOctetsPerSecond);
        return _connection.WriteTime - _writtenBefore > allowed;
    }

    private static SessionFault Unavailable(string detail) =>
        new(SessionFaultKind.ContentUnavailable, SmtpStage.Content, detail);
}
