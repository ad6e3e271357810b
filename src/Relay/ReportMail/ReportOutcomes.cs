using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Queue;
using Relay.TlsRpt;

namespace Relay.ReportMail;

/// <summary>Logs each mailed report that failed, and has its destination left alone for a while.</summary>
/// <param name="services">Asked when a report fails: reporting itself needs the queue, which needs this.</param>
/// <param name="logger">The log.</param>
internal sealed class ReportOutcomes(IServiceProvider services, ILogger<ReportOutcomes> logger) : IReportOutcomeListener
{
    /// <inheritdoc/>
    public void Failed(string mailbox, string text)
    {
        logger.ReportFailed($"mailto:{mailbox}", text);
        try
        {
            services.GetRequiredService<TlsReports>().Suppress(mailbox, text);
        }
        catch (Exception fault) when (fault is DbException or IOException)
        {
            // The report is lost either way; without the note the next one is tried, and fails, like it.
            logger.ReportFailed($"mailto:{mailbox}", $"not noted: {fault.Message}");
        }
    }
}
