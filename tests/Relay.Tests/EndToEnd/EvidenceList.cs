using System.Collections.Concurrent;
using Relay.MtaSts.Evidence;

namespace Relay.Tests.EndToEnd;

/// <summary>Keeps all that would be counted for reports.</summary>
internal sealed class EvidenceList : ITlsEvidenceSink
{
    private readonly ConcurrentQueue<TlsEvidence> _all = new();

    public IReadOnlyCollection<TlsEvidence> All => _all;

    public void Add(TlsEvidence evidence) => _all.Enqueue(evidence);
}
