using System.Collections.Concurrent;
using Relay.MtaSts.Evidence;

namespace Relay.Tests.EndToEnd;

/// <summary>Keeps all that would be counted for reports.</summary>
internal sealed class ObservationList : ITlsReportSink
{
    private readonly ConcurrentQueue<TlsObservation> _all = new();

    public IReadOnlyCollection<TlsObservation> All => _all;

    public void Add(TlsObservation evidence) => _all.Enqueue(evidence);
}
