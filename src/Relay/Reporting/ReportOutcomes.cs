using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.MtaSts.Reporting;
using Relay.Queue;

namespace Relay.Reporting;

/// <summary>Logs each mailed report that failed, and lets reporting leave its destination alone for a while.</summary>
/// <param name="services">Asked when a report fails: reporting itself needs the queue, which needs this.</param>
/// <param name="logger">The log.</param>
internal sealed class ReportOutcomes(IServiceProvider services, ILogger<ReportOutcomes> logger) : IReportOutcomeListener
{
    /// <inheritdoc/>
    public void Failed(string reportKey, string mailbox, string text)
    {
        logger.ReportFailed($"mailto:{mailbox}", text);
        services.GetService<IReportBounces>()?.Add(reportKey, mailbox, text);
    }
}
