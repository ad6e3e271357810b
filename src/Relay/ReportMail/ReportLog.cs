using Microsoft.Extensions.Logging;
using Relay.TlsRpt;

namespace Relay.ReportMail;

/// <summary>What is logged of mailed reports.</summary>
internal static partial class ReportLog
{
    [LoggerMessage(EventId = TlsRptEventIds.ReportFailed, EventName = "report-failed", Level = LogLevel.Warning,
        Message = "{Rua} {Text}")]
    public static partial void ReportFailed(this ILogger logger, string rua, string text);
}
