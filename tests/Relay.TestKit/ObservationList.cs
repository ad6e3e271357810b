using System.Collections.Concurrent;
using Relay.Delivery.Observations;

namespace Relay.TestKit;

/// <summary>Keeps all that would be counted for reports.</summary>
internal sealed class ObservationList : ITlsReportSink
{
    private readonly ConcurrentQueue<TlsObservation> _all = new();

    public IReadOnlyList<TlsObservation> All => [.. _all];

    public void Add(TlsObservation observation) => _all.Enqueue(observation);

    /// <summary>Those of one policy domain, in order.</summary>
    public IReadOnlyList<TlsObservation> For(string domain) =>
        [.. _all.Where(observation => observation.PolicyDomain.ToString() == domain)];

    public void Clear() => _all.Clear();
}
