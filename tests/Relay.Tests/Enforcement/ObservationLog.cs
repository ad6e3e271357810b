using System.Collections.Concurrent;
using Relay.MtaSts.Evidence;

namespace Relay.Tests.Enforcement;

/// <summary>Keeps all evidence.</summary>
internal sealed class ObservationLog : ITlsReportSink
{
    private readonly ConcurrentQueue<TlsObservation> _evidence = new();

    public void Add(TlsObservation evidence) => _evidence.Enqueue(evidence);

    /// <summary>The evidence for one policy domain, in order.</summary>
    public IReadOnlyList<TlsObservation> For(string domain) =>
        [.. _evidence.Where(evidence => evidence.PolicyDomain.ToString() == domain)];
}
