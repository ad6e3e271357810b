using Microsoft.Extensions.Logging;

namespace Relay.Delivery.Routing;

internal static partial class RoutingLog
{
    [LoggerMessage(EventId = DeliveryEventIds.NullMxBesideOthers, EventName = "null-mx-ignored", Level = LogLevel.Warning,
        Message = "{Domain} publishes a null MX beside other MX records; it is ignored")]
    public static partial void NullMxBesideOthers(this ILogger logger, string domain);

    [LoggerMessage(EventId = DeliveryEventIds.MxNameUnusable, EventName = "mx-unusable", Level = LogLevel.Warning,
        Message = "{Domain} publishes {Mx} as MX host, which no host can be named; it is skipped")]
    public static partial void MxNameUnusable(this ILogger logger, string domain, string mx);
}
