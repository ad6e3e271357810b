using System.Collections.Concurrent;
using Relay.MtaSts.Evidence;

namespace Relay.MtaSts.Tests.Lab;

/// <summary>Keeps all evidence.</summary>
internal sealed class EvidenceLog : ITlsEvidenceSink
{
    private readonly ConcurrentQueue<TlsEvidence> _evidence = new();

    public IReadOnlyList<TlsEvidence> All => [.. _evidence];

    public void Add(TlsEvidence evidence) => _evidence.Enqueue(evidence);

    public void Clear() => _evidence.Clear();
}
