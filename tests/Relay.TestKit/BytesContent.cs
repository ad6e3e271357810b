using System.Text;
using Relay.Smtp;

namespace Relay.TestKit;

/// <summary>Content from memory, in pieces of a chosen size, that can be made to fail.</summary>
internal sealed class BytesContent(byte[] octets, int pieceSize = int.MaxValue) : MessageContent
{
    public BytesContent(string text, int pieceSize = int.MaxValue)
        : this(Encoding.Latin1.GetBytes(text), pieceSize)
    {
    }

    public int? FailsAfter { get; init; }

    public bool IsDisposed { get; private set; }

    public override long Octets => octets.Length;

    public override bool IsEightBit => octets.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)127);

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < octets.Length; i += Math.Min(pieceSize, octets.Length - i))
        {
            await Task.Yield();
            if (i >= FailsAfter)
            {
                throw new IOException("the disk is gone");
            }

            yield return octets.AsMemory(i, Math.Min(pieceSize, octets.Length - i));
        }
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
