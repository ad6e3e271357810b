using Relay.Queue.Storage.Writes;
using Relay.Smtp;

namespace Relay.Queue.Storage;

/// <summary>
/// Cuts content into pieces. The first goes into the message's own row; further ones are written ahead, one at a time,
/// so that a message of any size needs the memory of two pieces.
/// </summary>
internal sealed class ContentStaging(BoundedWrites writes, QueueId id, MessageContent content)
{
    private byte[] _head = [];
    private byte[] _piece = [];
    private int _filled;
    private int _seq;

    /// <summary>What prevented a piece from being written.</summary>
    public StoreFault Fault { get; private set; }

    /// <summary>Reads the content to its end, or to the first piece that could not be written.</summary>
    public async Task<ContentFacts> RunAsync(CancellationToken cancellationToken)
    {
        _piece = NextPiece(0);
        try
        {
            await foreach (var octets in content.ReadAsync(cancellationToken))
            {
                await TakeAsync(octets);
                if (Fault != StoreFault.None)
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            Discard();
            throw;
        }

        return new ContentFacts(content.Octets, content.IsEightBit, _head);
    }

    /// <summary>Takes back the pieces written ahead.</summary>
    public void Discard()
    {
        if (_seq > 1)
        {
            writes.Submit(new DiscardStaged(id));
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            var taken = Math.Min(octets.Length, _piece.Length - _filled);
            if (taken == 0)
            {
                throw new InvalidOperationException(
                    $"The content is longer than the {content.Octets} octets it declares");
            }

            octets[..taken].CopyTo(_piece.AsMemory(_filled));
            octets = octets[taken..];
            _filled += taken;
            if (_filled == _piece.Length && !await CompletePieceAsync())
            {
                return;
            }
        }
    }

    private async ValueTask<bool> CompletePieceAsync()
    {
        var seq = _seq++;
        if (seq == 0)
        {
            _head = _piece;
        }
        else
        {
            Fault = await writes.WriteAsync(new StageChunk(id, seq, _piece), () => new DiscardStaged(id));
        }

        _piece = NextPiece((long)_seq * ContentFacts.PieceOctets);
        _filled = 0;
        return Fault == StoreFault.None;
    }

    private byte[] NextPiece(long from) =>
        GC.AllocateUninitializedArray<byte>((int)Math.Clamp(content.Octets - from, 0, ContentFacts.PieceOctets));
}
