using System.Net;
using Microsoft.Extensions.Logging;

namespace Relay.Smtp.Server;

/// <summary>What a server session logs: refused messages with the rest; accepted ones are logged by whoever accepts them.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(EventId = SmtpEventIds.SessionBroken, EventName = "session-broken", Level = LogLevel.Debug,
        Message = "Session of {Ip} ended: {Reason}")]
    public static partial void SessionBroken(this ILogger logger, IPAddress ip, string reason);

    [LoggerMessage(EventId = SmtpEventIds.SessionFailed, EventName = "session-failed", Level = LogLevel.Error,
        Message = "Session of {Ip} failed")]
    public static partial void SessionFailed(this ILogger logger, Exception exception, IPAddress ip);

    [LoggerMessage(EventId = SmtpEventIds.Refused, EventName = "refused", Level = LogLevel.Warning,
        Message = "{From} {Client} {Helo} {Reply}")]
    public static partial void Refused(this ILogger logger, string from, IPAddress client, string helo, string reply);

    [LoggerMessage(EventId = SmtpEventIds.LimitReached, EventName = "limit-reached", Message = "{Client} {Limit} {Value}")]
    public static partial void LimitReached(
        this ILogger logger, LogLevel level, IPAddress client, string limit, double? value);

    [LoggerMessage(EventId = SmtpEventIds.EarlyTalker, EventName = "early-talker", Level = LogLevel.Warning, Message = "{Client} {Before}")]
    public static partial void EarlyTalker(this ILogger logger, IPAddress client, string before);

    [LoggerMessage(EventId = SmtpEventIds.ForeignProtocol, EventName = "foreign-protocol", Level = LogLevel.Warning,
        Message = "{Client} {Protocol}")]
    public static partial void ForeignProtocol(this ILogger logger, IPAddress client, string protocol);

    [LoggerMessage(EventId = SmtpEventIds.ServerHandshakeFailed, EventName = "client-tls-failed", Level = LogLevel.Information,
        Message = "TLS handshake of {Ip} failed: {Listener} {Text}")]
    public static partial void HandshakeFailed(this ILogger logger, IPAddress ip, IPEndPoint listener, string text);

    [LoggerMessage(EventId = SmtpEventIds.CommandRefused, EventName = "command-refused", Level = LogLevel.Warning,
        Message = "{Client} {Helo} {Reply}")]
    public static partial void CommandRefused(this ILogger logger, IPAddress client, string helo, string reply);
}
