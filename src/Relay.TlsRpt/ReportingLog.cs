using Microsoft.Extensions.Logging;
using Relay.Mail;

namespace Relay.TlsRpt;

/// <summary>What happens to reports.</summary>
internal static partial class ReportingLog
{
    [LoggerMessage(EventId = TlsRptEventIds.ReportSent, EventName = "report-sent", Level = LogLevel.Information,
        Message = "domain={Domain} day={Day} rua={Rua} report={Report} text={Text}")]
    public static partial void ReportSent(
        this ILogger logger, DomainName domain, string day, string rua, string report, string text);

    [LoggerMessage(EventId = TlsRptEventIds.ReportFailed, EventName = "report-failed", Level = LogLevel.Warning,
        Message = "domain={Domain} day={Day} rua={Rua} reason={Reason} next={Next} text={Text}")]
    public static partial void ReportFailed(
        this ILogger logger,
        DomainName domain,
        string day,
        string? rua,
        string reason,
        DateTimeOffset? next,
        string text);

    [LoggerMessage(EventId = TlsRptEventIds.ReportsNotMailed, EventName = "reports-not-mailed", Level = LogLevel.Warning,
        Message = "reports={Reports} reason={Reason} text={Text}")]
    public static partial void NotMailed(this ILogger logger, long reports, string reason, string text);

    [LoggerMessage(EventId = TlsRptEventIds.ReportSuppressed, EventName = "report-suppressed", Level = LogLevel.Warning,
        Message = "to={To} until={Until} text={Text}")]
    public static partial void Suppressed(this ILogger logger, string to, DateTimeOffset until, string text);

    [LoggerMessage(EventId = TlsRptEventIds.ReportCountsKept, EventName = "report-counts-kept", Level = LogLevel.Error,
        Message = "lost={Lost} text={Text}")]
    public static partial void CountsKept(this ILogger logger, long lost, string text);

    [LoggerMessage(EventId = TlsRptEventIds.ReportPassFailed, EventName = "report-pass-failed", Level = LogLevel.Error,
        Message = "tried again in a minute")]
    public static partial void PassFailed(this ILogger logger, Exception fault);

    [LoggerMessage(EventId = TlsRptEventIds.ReportStoreSetAside, EventName = "report-store-set-aside", Level = LogLevel.Error,
        Message = "file={File} moved-to={MovedTo} text={Text}")]
    public static partial void StoreSetAside(this ILogger logger, string file, string movedTo, string text);

    [LoggerMessage(EventId = TlsRptEventIds.ReportStoreRescued, EventName = "report-store-rescued", Level = LogLevel.Warning,
        Message = "rows={Rows}")]
    public static partial void StoreRescued(this ILogger logger, int rows);
}
