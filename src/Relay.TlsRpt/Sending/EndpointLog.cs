using Microsoft.Extensions.Logging;

namespace Relay.TlsRpt.Sending;

/// <summary>What the posting of reports logs.</summary>
internal static partial class EndpointLog
{
    [LoggerMessage(EventId = TlsRptEventIds.ReportEndpointUnverified, EventName = "report-endpoint-unverified", Level = LogLevel.Warning,
        Message = "{Host} {Text}")]
    public static partial void EndpointUnverified(this ILogger logger, string host, string text);
}
