using System.Collections.Concurrent;
using Relay.MtaSts.Evidence;

namespace Relay.MtaSts.Tests.Lab;

/// <summary>Keeps all evidence.</summary>
internal sealed class ObservationLog : ITlsReportSink
{
    private readonly ConcurrentQueue<TlsObservation> _evidence = new();

    public IReadOnlyList<TlsObservation> All => [.. _evidence];

    public void Add(TlsObservation evidence) => _evidence.Enqueue(evidence);

    public void Clear() => _evidence.Clear();
}
