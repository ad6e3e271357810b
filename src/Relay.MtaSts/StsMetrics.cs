using System.Diagnostics.Metrics;
using Relay.Delivery.Observations;
using Relay.MtaSts.Discovery;

namespace Relay.MtaSts;

/// <summary>The counters of MTA-STS; their names and tags are a contract with operators.</summary>
internal sealed class StsMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Relay.MtaSts";

    private readonly Counter<long> _fetches;
    private readonly Counter<long> _refusals;

    public StsMetrics(IMeterFactory meters)
    {
#pragma warning disable CA2000 // The factory owns its meters.
        var meter = meters.Create(MeterName);
#pragma warning restore CA2000
        _fetches = meter.CreateCounter<long>(
            "relay_sts_fetches_total", description: "Policy fetches by what they came to.");
        _refusals = meter.CreateCounter<long>(
            "relay_sts_refusals_total", description: "MX hosts and sessions that a policy refused.");
    }

    public void CountFetch(PolicyFetch fetch) =>
        _fetches.Add(1, new KeyValuePair<string, object?>(
            "result", fetch is PolicyFetch.Failed failed ? failed.Failure.Type.ToWord() : "ok"));

    public void CountRefusal(string reason) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
