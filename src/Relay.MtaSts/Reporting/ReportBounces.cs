using Microsoft.Extensions.Logging;

namespace Relay.MtaSts.Reporting;

/// <summary>A report that came back keeps its destination from further mail for a while.</summary>
internal sealed class ReportBounces(TlsReports reports, ILogger<ReportBounces> logger) : IReportBounces
{
    /// <inheritdoc/>
    public void Add(string dispatchKey, string mailbox, string reason)
    {
        try
        {
            reports.Suppress(mailbox, reason);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            logger.StoreFailed(fault.Message);
        }
    }
}
