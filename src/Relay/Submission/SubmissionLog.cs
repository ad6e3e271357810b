using System.Net;
using Microsoft.Extensions.Logging;

namespace Relay.Submission;

/// <summary>Who authenticated, and who failed to. No password comes near it.</summary>
internal static partial class SubmissionLog
{
    [LoggerMessage(EventId = RelayEventIds.Authenticated, EventName = "authenticated", Level = LogLevel.Information,
        Message = "{Client} {User} {Mechanism}")]
    public static partial void Authenticated(this ILogger logger, IPAddress client, string user, string mechanism);

    [LoggerMessage(EventId = RelayEventIds.AuthFailed, EventName = "auth-failed", Level = LogLevel.Warning,
        Message = "{Client} {User} {Mechanism} {Reason}")]
    public static partial void AuthFailed(this ILogger logger, IPAddress client, string user, string mechanism, string reason);

    [LoggerMessage(EventId = RelayEventIds.AuthEnded, EventName = "auth-ended", Level = LogLevel.Information,
        Message = "{Client} {User} {Reason}")]
    public static partial void AuthEnded(this ILogger logger, IPAddress client, string user, string reason);

    [LoggerMessage(EventId = RelayEventIds.KnownClientsUnusable, EventName = "known-clients-unusable", Level = LogLevel.Warning,
        Message = "{File} {Text}")]
    public static partial void KnownClientsUnusable(this ILogger logger, string file, string text);

    [LoggerMessage(EventId = RelayEventIds.AccountsLoaded, EventName = "accounts-loaded", Level = LogLevel.Information,
        Message = "{File} {Accounts}")]
    public static partial void AccountsLoaded(this ILogger logger, string file, int accounts);

    [LoggerMessage(EventId = RelayEventIds.AccountsUnusable, EventName = "accounts-unusable", Level = LogLevel.Error,
        Message = "{File} {Text}")]
    public static partial void AccountsUnusable(this ILogger logger, string file, string text);
}
