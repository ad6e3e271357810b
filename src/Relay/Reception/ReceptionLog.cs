using System.Net;
using Microsoft.Extensions.Logging;

namespace Relay.Reception;

/// <summary>What reception tells the operator; the placeholders are the keys of the log.</summary>
internal static partial class ReceptionLog
{
    [LoggerMessage(EventId = RelayEventIds.Received, EventName = "received", Level = LogLevel.Information,
        Message = "{Queue} {From} {Recipients} {Size} {Client} {Helo} {User} {Tls} {Cipher}")]
    public static partial void Received(
        this ILogger logger, string queue, string from, int recipients, long size, IPAddress client, string helo, string? user, string? tls,
        string? cipher);

    [LoggerMessage(EventId = RelayEventIds.SpoolFailed, EventName = "spool-failed", Level = LogLevel.Error, Message = "{Text}")]
    public static partial void SpoolFailed(this ILogger logger, string text);

    [LoggerMessage(EventId = RelayEventIds.ConnectionRefused, EventName = "connection-refused", Level = LogLevel.Warning,
        Message = "{Client} {Reason} {Limit}")]
    public static partial void ConnectionRefused(this ILogger logger, IPAddress client, string reason, int limit);

    [LoggerMessage(EventId = RelayEventIds.ClientLimitReached, EventName = "limit-reached", Level = LogLevel.Warning,
        Message = "{Client} {Limit} {Value}")]
    public static partial void LimitReached(this ILogger logger, IPAddress client, string limit, int value);

    [LoggerMessage(EventId = RelayEventIds.ClientLinesSuppressed, EventName = "log-suppressed", Level = LogLevel.Warning,
        Message = "{Client} {Lines}")]
    public static partial void LinesSuppressed(this ILogger logger, IPAddress client, int lines);

    [LoggerMessage(EventId = RelayEventIds.CertificateLoaded, EventName = "certificate-loaded", Level = LogLevel.Information,
        Message = "{File} {Subject} {Expires}")]
    public static partial void CertificateLoaded(this ILogger logger, string file, string subject, DateTimeOffset expires);

    [LoggerMessage(EventId = RelayEventIds.CertificateUnusable, EventName = "certificate-unusable", Level = LogLevel.Warning,
        Message = "{File} {Text}")]
    public static partial void CertificateUnusable(this ILogger logger, string file, string text);

    [LoggerMessage(EventId = RelayEventIds.RelayDenied, EventName = "relay-denied", Level = LogLevel.Warning,
        Message = "{Client} {Helo} {From} {To} {Reply}")]
    public static partial void RelayDenied(
        this ILogger logger, IPAddress client, string helo, string from, string to, string reply);
}
