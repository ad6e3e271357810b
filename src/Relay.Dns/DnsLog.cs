using System.Net;
using Microsoft.Extensions.Logging;
using Relay.Mail;

namespace Relay.Dns;

internal static partial class DnsLog
{
    [LoggerMessage(EventId = DnsEventIds.ServerSetAside, EventName = "dns-server-set-aside", Level = LogLevel.Warning,
        Message = "Name server {Ip} is asked last for a while: {Reason}")]
    public static partial void ServerSetAside(this ILogger logger, IPEndPoint ip, string reason);

    [LoggerMessage(EventId = DnsEventIds.LookupFailed, EventName = "dns-lookup-failed", Level = LogLevel.Debug,
        Message = "No answer for {Domain}, {Reason}: {Text}")]
    public static partial void LookupFailed(this ILogger logger, DomainName domain, DnsStatus reason, string text);

    [LoggerMessage(EventId = DnsEventIds.SystemServersRead, EventName = "dns-servers-read", Level = LogLevel.Information,
        Message = "Name servers of the system: {Text}")]
    public static partial void SystemServersRead(this ILogger logger, string text);

    [LoggerMessage(EventId = DnsEventIds.SystemServersUnreadable, EventName = "dns-servers-unreadable", Level = LogLevel.Warning,
        Message = "The system's name servers cannot be read: {Reason}; using {Text}")]
    public static partial void SystemServersUnreadable(this ILogger logger, string reason, string text);
}
