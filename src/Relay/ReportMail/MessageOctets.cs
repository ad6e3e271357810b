using System.Runtime.CompilerServices;
using Relay.Smtp;

namespace Relay.ReportMail;

/// <summary>An ASCII message that the relay wrote itself.</summary>
internal sealed class MessageOctets(byte[] octets) : MessageContent
{
    /// <inheritdoc/>
    public override long Octets => octets.Length;

    /// <inheritdoc/>
    public override bool IsEightBit => false;

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield return octets;
    }
}
