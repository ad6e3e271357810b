using System.Data.Common;
using System.Runtime.CompilerServices;
using Relay.Smtp;

namespace Relay.Queue.Storage;

/// <summary>
/// Content that lies in the store, read piece by piece, each with a query of its own: a slow peer holds neither a
/// connection nor a snapshot of the store. Reading throws <see cref="IOException"/> when the store cannot give a piece.
/// </summary>
internal sealed class StoredContent(QueueStore store, QueueId id, StoredMessage message) : MessageContent
{
    /// <inheritdoc/>
    public override long Octets => message.Octets;

    /// <inheritdoc/>
    public override bool IsEightBit => message.IsEightBit;

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rest = message.Octets;
        for (var seq = 0; rest > 0; seq++)
        {
            var piece = await ReadPieceAsync(seq, cancellationToken);
            rest -= piece.Length;
            yield return piece;
        }
    }

    private async Task<byte[]> ReadPieceAsync(int seq, CancellationToken cancellationToken)
    {
        try
        {
            var piece = await store.ReadPieceAsync(id, seq, cancellationToken);
            return piece ?? throw new IOException($"Piece {seq} of message {id} is missing in the queue store");
        }
        catch (DbException error)
        {
            throw new IOException($"Piece {seq} of message {id} cannot be read from the queue store", error);
        }
    }
}
