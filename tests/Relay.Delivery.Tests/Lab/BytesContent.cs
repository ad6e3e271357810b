using System.Text;
using Relay.Smtp;

namespace Relay.Delivery.Tests.Lab;

internal sealed class BytesContent(byte[] octets) : MessageContent
{
    public BytesContent(string text)
        : this(Encoding.UTF8.GetBytes(text))
    {
    }

    public override long Octets => octets.Length;

    public override bool IsEightBit => !Ascii.IsValid(octets);

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield return octets;
    }
}
