using Microsoft.Extensions.Logging;

namespace Relay.Hosting;

/// <summary>The life of the program, for the operator.</summary>
internal static partial class HostLog
{
    [LoggerMessage(EventId = RelayEventIds.Started, EventName = "started", Level = LogLevel.Information,
        Message = "{Version} {Host} {Listeners} {Data} {Pid}")]
    public static partial void Started(
        this ILogger logger, string version, string host, string listeners, string data, int pid);

    [LoggerMessage(EventId = RelayEventIds.Stopping, EventName = "stopping", Level = LogLevel.Information, Message = "{Host}")]
    public static partial void Stopping(this ILogger logger, string host);

    [LoggerMessage(EventId = RelayEventIds.Stopped, EventName = "stopped", Level = LogLevel.Information, Message = "{Host}")]
    public static partial void Stopped(this ILogger logger, string host);

    [LoggerMessage(EventId = RelayEventIds.HostNameNotQualified, EventName = "host-name-not-qualified", Level = LogLevel.Warning,
        Message = "{Host} {Text}")]
    public static partial void HostNameNotQualified(this ILogger logger, string host, string text);

    [LoggerMessage(EventId = RelayEventIds.Reloaded, EventName = "reloaded", Level = LogLevel.Information,
        Message = "The certificate was read again")]
    public static partial void Reloaded(this ILogger logger);
}
