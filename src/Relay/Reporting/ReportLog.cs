using Microsoft.Extensions.Logging;
using Relay.Queue;

namespace Relay.Reporting;

/// <summary>What is logged of mailed reports.</summary>
internal static partial class ReportLog
{
    [LoggerMessage(EventId = QueueEventIds.ReportFailed, EventName = "report-failed", Level = LogLevel.Warning,
        Message = "{Rua} {Text}")]
    public static partial void ReportFailed(this ILogger logger, string rua, string text);
}
