using System.Net;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;

namespace Relay.Delivery.Transport;

internal static partial class TransportLog
{
    [LoggerMessage(EventId = DeliveryEventIds.Uncertain, EventName = "uncertain", Level = LogLevel.Warning,
        Message = "{Queue}: {Mx} {Ip} was lost after the end of the message to {Recipients} recipients; it may have been taken: {Text}")]
    public static partial void Uncertain(
        this ILogger logger, string queue, string mx, string ip, int recipients, string text);

    [LoggerMessage(EventId = DeliveryEventIds.ConnectionOpened, EventName = "connected", Level = LogLevel.Debug,
        Message = "{Queue}: connected to {Mx} {Ip} {Tls}")]
    public static partial void ConnectionOpened(
        this ILogger logger, string queue, MxHost mx, IPAddress ip, SslProtocols? tls);

    [LoggerMessage(EventId = DeliveryEventIds.HostFailed, EventName = "host-failed", Level = LogLevel.Debug,
        Message = "{Queue}: {Mx} {Reason} {Text}")]
    public static partial void HostFailed(this ILogger logger, string queue, MxHost mx, string reason, string text);
}
