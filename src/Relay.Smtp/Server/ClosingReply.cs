using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging;
using Relay.Mail;

namespace Relay.Smtp.Server;

/// <summary>Why a session ends before its client says QUIT: the line for the operator, and the reply for the client.</summary>
internal sealed class ClosingReply(SmtpServerDependencies services)
{
    private readonly SmtpServerOptions _options = services.Options;

    /// <summary>The client met a limit.</summary>
    public Reply To(SessionLimit limit, IPAddress client)
    {
        var host = _options.HostName;
        var (name, value, reply) = limit switch
        {
            SessionLimit.Errors => ("errors", _options.MaxErrors, Replies.TooManyErrors(host)),
            SessionLimit.Commands => ("commands", _options.MaxCommands, Replies.TooManyCommands(host)),
            SessionLimit.TimeWithoutMessage => (
                "seconds-without-message", _options.MaxTimeWithoutMessage.TotalSeconds, Replies.NoMessage(host)),
            _ => throw new UnreachableException(),
        };
        services.Logger.LimitReached(LogLevel.Warning, client, name, value);
        return reply;
    }

    /// <summary>Nothing more is to be read; null where nobody would hear a reply.</summary>
    public Reply? To(CloseReason end, IPAddress client)
    {
        var (reason, reply) = end switch
        {
            CloseReason.TimedOut => ("timed-out", Replies.TimedOut(_options.HostName)),
            CloseReason.TooSlow => ("too-slow", Replies.TooSlow(_options.HostName)),
            CloseReason.Stopping => ("stopping", Replies.Stopping(_options.HostName)),
            CloseReason.Aborted => ("aborted", null),
            _ => ("connection-lost", null),
        };
        services.Logger.SessionBroken(client, reason);
        if (end == CloseReason.TimedOut)
        {
            // An idle client is an everyday matter.
            services.Logger.LimitReached(LogLevel.Information, client, "idle-time", null);
        }
        else if (end == CloseReason.TooSlow)
        {
            services.Logger.LimitReached(LogLevel.Warning, client, "octets-per-second", _options.MinOctetsPerSecond);
        }

        return reply;
    }
}
