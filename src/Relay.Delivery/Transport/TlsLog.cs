using Microsoft.Extensions.Logging;

namespace Relay.Delivery.Transport;

internal static partial class TlsLog
{
    [LoggerMessage(EventId = DeliveryEventIds.TlsFailed, EventName = "tls-failed", Level = LogLevel.Warning,
        Message = "{Queue}: TLS with {Mx} {Ip} failed for {Domain}: {Reason} {Text}")]
    public static partial void TlsFailed(
        this ILogger logger, string queue, string mx, string ip, string domain, string reason, string text);
}
