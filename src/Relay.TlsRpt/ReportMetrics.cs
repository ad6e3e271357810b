using System.Diagnostics.Metrics;

namespace Relay.TlsRpt;

/// <summary>The counter of reports; its name and tags are a contract with operators.</summary>
internal sealed class ReportMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Relay.TlsRpt";

    private readonly Counter<long> _reports;

    public ReportMetrics(IMeterFactory meters)
    {
#pragma warning disable CA2000 // The factory owns its meters.
        var meter = meters.Create(MeterName);
#pragma warning restore CA2000
        _reports = meter.CreateCounter<long>(
            "relay_tls_reports_total", description: "Copies of TLS reports by what became of them.");
    }

    public void Count(string result) => _reports.Add(1, new KeyValuePair<string, object?>("result", result));
}
