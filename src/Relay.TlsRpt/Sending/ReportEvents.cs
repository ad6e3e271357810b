using Microsoft.Extensions.Logging;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Sending;

/// <summary>Tells the operator, in log and counters, what becomes of copies of reports.</summary>
internal sealed class ReportEvents(ReportMetrics metrics, ILogger<ReportEvents> logger)
{
    public void Accepted(ReportDelivery copy, string reportId, string detail)
    {
        metrics.Count(ReportState.Accepted);
        logger.ReportSent(copy.Domain, copy.Day.Text(), copy.Rua, reportId, detail);
    }

    public void Postponed(ReportDelivery copy, DateTimeOffset next, string detail) =>
        logger.ReportFailed(copy.Domain, copy.Day.Text(), copy.Rua, "try-later", next, detail);

    public void Ended(ReportDelivery copy, string state, string detail)
    {
        metrics.Count(state);
        logger.ReportFailed(copy.Domain, copy.Day.Text(), copy.Rua, state, null, detail);
    }
}
