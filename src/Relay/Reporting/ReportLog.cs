using Microsoft.Extensions.Logging;

namespace Relay.Reporting;

/// <summary>What is logged of mailed reports.</summary>
internal static partial class ReportLog
{
    [LoggerMessage(EventId = MtaSts.MtaStsEventIds.ReportFailed, EventName = "report-failed", Level = LogLevel.Warning,
        Message = "{Rua} {Text}")]
    public static partial void ReportFailed(this ILogger logger, string rua, string text);
}
