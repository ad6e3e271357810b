using System.Buffers;
using System.Diagnostics;
using Relay.Mail;

namespace Relay.Smtp.Server;

/// <summary>
/// One message coming in: hands clean content on, straight from the wire's memory, until something is wrong; then it
/// only looks for the end.
/// </summary>
internal sealed class MessageReceiver(
    IIncomingMessage message, bool isDotStuffed, long maxOctets, MinimumRate minimumRate, CancellationToken aborted) : IAsyncDisposable
{
    private readonly ContentScanner _scanner = new(isDotStuffed);
    private long _octets;

    /// <summary>What the message will be refused with; null while all is well.</summary>
    public Reply? Refusal { get; private set; }

    /// <summary>How fast it comes.</summary>
    public MinimumRate MinimumRate => minimumRate;

    /// <summary>The end of DATA was found.</summary>
    public bool IsEnded => _scanner.IsEnded;

    /// <summary>
    /// So far above the limit that reading to the end is no use. RFC 5321 §4.5.3.1.7, departure: up to twice the limit
    /// is read and dropped, for the sender is to get its 552; more than that is not.
    /// </summary>
    public bool IsHopeless => ExceedsDiscardLimit(0);

    /// <summary>Content of so many more octets does not fit.</summary>
    public bool Exceeds(long more) => more > maxOctets - _octets;

    /// <summary>Content of so many more octets is not even worth discarding.</summary>
    public bool ExceedsDiscardLimit(long more) => more > (2 * maxOctets) - _octets;

    /// <summary>Refuses the message; the first reason stands.</summary>
    public void Refuse(Reply refusal) => Refusal ??= refusal;

    /// <summary>Takes octets up to the end of the message or of the buffer; returns how far.</summary>
    public async ValueTask<SequencePosition> TakeAsync(ReadOnlySequence<byte> buffer)
    {
        var taken = 0L;
        foreach (var segment in buffer)
        {
            for (var rest = segment; !rest.IsEmpty && !IsEnded;)
            {
                var piece = _scanner.Scan(rest.Span, out var consumed);
                await TakePieceAsync(rest[piece]);
                rest = rest[consumed..];
                taken += consumed;
            }
        }

        return buffer.GetPosition(taken);
    }

    /// <summary>All is in: commits the message, or gives the refusal.</summary>
    public async ValueTask<Reply> CompleteAsync()
    {
        _scanner.End();
        CheckFault();

        // RFC 5321 §4.1.1.4: a missing last CRLF is added; only BDAT can lack it.
        if (Refusal is null && !isDotStuffed && !_scanner.IsAtLineStart)
        {
            await TakePieceAsync("\r\n"u8.ToArray());
        }

        return Refusal ?? await message.CompleteAsync(_scanner.IsEightBit, aborted);
    }

    public ValueTask DisposeAsync() => message.DisposeAsync();

    private async ValueTask TakePieceAsync(ReadOnlyMemory<byte> piece)
    {
        _octets += piece.Length;
        CheckFault();

        // RFC 1870 §3: the size is that of the content, stuffed dots and the final one not counted.
        if (_octets > maxOctets)
        {
            Refuse(Replies.TooBig);
        }

        if (Refusal is null && !piece.IsEmpty)
        {
            Refusal = await message.WriteAsync(piece, aborted);
        }
    }

    private void CheckFault()
    {
        if (_scanner.Fault != ContentFault.None)
        {
            Refuse(_scanner.Fault switch
            {
                ContentFault.BareLineEnd => Replies.BareLineEnd,
                ContentFault.NulOctet => Replies.NulOctet,
                ContentFault.LineTooLong => Replies.LineTooLong,
                _ => throw new UnreachableException(),
            });
        }
    }
}
