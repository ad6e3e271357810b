using Relay.Smtp;

namespace Relay.Tests.Queue;

/// <summary>Content in memory, handed out in pieces, that knows whether it was given back.</summary>
internal sealed class BytesContent(byte[] octets, int pieceOctets = 4096) : MessageContent
{
    public bool IsDisposed { get; private set; }

    public override long Octets => octets.Length;

    public override bool IsEightBit => true;

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var from = 0; from < octets.Length; from += pieceOctets)
        {
            yield return octets.AsMemory(from, Math.Min(pieceOctets, octets.Length - from));
        }

        await Task.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
