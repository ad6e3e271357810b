using Microsoft.Extensions.Logging;

namespace Relay.Delivery.Pipeline;

internal static partial class PipelineLog
{
    [LoggerMessage(EventId = DeliveryEventIds.PipelineFault, EventName = "delivery-fault", Level = LogLevel.Error,
        Message = "{Queue}: delivery to {Domain} is deferred because of a fault of this program: {Text}")]
    public static partial void Fault(this ILogger logger, string queue, string domain, string text, Exception? fault);
}
