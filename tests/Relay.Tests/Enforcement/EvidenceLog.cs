using System.Collections.Concurrent;
using Relay.MtaSts.Evidence;

namespace Relay.Tests.Enforcement;

/// <summary>Keeps all evidence.</summary>
internal sealed class EvidenceLog : ITlsEvidenceSink
{
    private readonly ConcurrentQueue<TlsEvidence> _evidence = new();

    public void Add(TlsEvidence evidence) => _evidence.Enqueue(evidence);

    /// <summary>The evidence for one policy domain, in order.</summary>
    public IReadOnlyList<TlsEvidence> For(string domain) =>
        [.. _evidence.Where(evidence => evidence.PolicyDomain.ToString() == domain)];
}
