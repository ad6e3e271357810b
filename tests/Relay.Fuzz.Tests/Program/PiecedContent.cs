using System.Runtime.CompilerServices;
using Relay.Smtp;

namespace Relay.Fuzz.Tests.Program;

/// <summary>Content from memory, in pieces of these lengths, read without waiting.</summary>
internal sealed class PiecedContent(byte[] octets, IReadOnlyList<int> portions) : MessageContent
{
    public override long Octets => octets.Length;

    public override bool IsEightBit => !System.Text.Ascii.IsValid(octets);

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var at = 0;
        foreach (var portion in portions)
        {
            yield return octets.AsMemory(at, portion);
            at += portion;
        }
    }
}
