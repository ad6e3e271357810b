using Microsoft.Extensions.Logging;

namespace Relay.Delivery.Transport;

internal static partial class TlsLog
{
    [LoggerMessage(EventId = DeliveryEventIds.TlsFailed, EventName = "tls-failed", Level = LogLevel.Warning,
        Message = "{Queue}: TLS with {Mx} {Ip} failed for {Domain}: {Reason} {Text}")]
    private static partial void TlsFailed(
        ILogger logger, string queue, string mx, string ip, string domain, string reason, string text);

    public static void TlsFailed(this ILogger logger, ConnectRequest request, string reason, string text) => TlsFailed(
        logger, request.Attempt.QueueId, request.Host.ToString(), request.Address, request.Attempt.Destination.Key, reason, text);
}
