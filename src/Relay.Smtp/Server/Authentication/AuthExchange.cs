using System.Diagnostics;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Server.Authentication;

/// <summary>
/// AUTH of one session (RFC 4954): PLAIN (RFC 4616) and LOGIN, both of which send the password as it is and are
/// therefore had inside TLS alone. What it does about trouble: a command out of place is refused with 503, a broken, cancelled
/// or overlong response ends the exchange, credentials that are not right get one and the same reply, and too many failures end
/// the session.
/// </summary>
internal sealed class AuthExchange(SmtpServerDependencies services, ServerConnection wire, CommandReader lines, CancellationToken aborted)
{
    private const string Plain = "PLAIN";
    private const string Login = "LOGIN";

    private int _failures;

    private Reply ClosingReply => AuthReplies.TooManyFailures(services.Options.HostName);

    /// <summary>The line of the EHLO reply; null where AUTH is not offered.</summary>
    // RFC 4954 §4: mechanisms that may not be used before TLS are not advertised before TLS.
    public string? CapabilityFor(SessionFacts session) =>
        session.IsSecure && services.Authenticator is { IsOffered: true } ? $"AUTH {Plain} {Login}" : null;

    /// <summary>The client had authenticated, and its account is gone or has another password since.</summary>
    public bool IsOver(SessionFacts session) => session.User is not null && services.Authenticator?.StillHolds(session) == false;

    /// <summary>Runs the exchange that an AUTH command begins.</summary>
    public async ValueTask<AuthOutcome> RunAsync(SmtpCommand.Auth command, SessionFacts session, bool isInTransaction)
    {
        if (Refuse(command, session, isInTransaction) is { } refusal)
        {
            Array.Clear(command.InitialResponse ?? []);
            return new AuthOutcome(refusal);
        }

        AuthResponse? initial = null;
        if (command.InitialResponse is { } text)
        {
            initial = AuthResponse.ReadInitial(text);
            Array.Clear(text);
        }

        return command.Mechanism == Plain ? await PlainAsync(session, initial) : await LoginAsync(session, initial);
    }

    private Reply? Refuse(SmtpCommand.Auth command, SessionFacts session, bool isInTransaction)
    {
        if (services.Authenticator is not { IsOffered: true })
        {
            return Replies.NotImplemented;
        }

        // RFC 4954 §4: AUTH is for sessions that began with EHLO, and comes once, and not within a transaction.
        if (!session.IsExtended)
        {
            return Replies.HelloFirst;
        }

        return session.User is not null ? AuthReplies.AlreadyDone
            : isInTransaction ? AuthReplies.WithinTransaction
            : command.Mechanism is not (Plain or Login) ? AuthReplies.UnknownMechanism
            : session.IsSecure ? null
            : AuthReplies.TlsFirst; // RFC 4954 §6
    }

    private async ValueTask<AuthOutcome> PlainAsync(SessionFacts session, AuthResponse? initial)
    {
        var (response, end) = initial is { } given ? (given, CloseReason.None) : await AskAsync(AuthReplies.EmptyChallenge);
        try
        {
            if (Complain(response, end) is { } complaint)
            {
                return complaint;
            }

            // RFC 4616 §2: [authzid] NUL authcid NUL passwd.
            var first = Array.IndexOf(response.Octets, (byte)0);
            var second = first < 0 ? -1 : Array.IndexOf(response.Octets, (byte)0, first + 1);
            if (second < 0)
            {
                return Failed();
            }

            return await CheckAsync(session, new SaslCredentials(
                Plain,
                response.Octets.AsMemory(0, first),
                response.Octets.AsMemory((first + 1)..second),
                response.Octets.AsMemory(second + 1)));
        }
        finally
        {
            Array.Clear(response.Octets);
        }
    }

    private async ValueTask<AuthOutcome> LoginAsync(SessionFacts session, AuthResponse? initial)
    {
        var (name, end) = initial is { } given ? (given, CloseReason.None) : await AskAsync(AuthReplies.AskUserName);
        if (Complain(name, end) is { } complaint)
        {
            return complaint;
        }

        var (password, passwordEnd) = await AskAsync(AuthReplies.AskPassword);
        try
        {
            return Complain(password, passwordEnd)
                ?? await CheckAsync(session, new SaslCredentials(Login, default, name.Octets, password.Octets));
        }
        finally
        {
            Array.Clear(password.Octets);
        }
    }

    private ValueTask<(AuthResponse Response, CloseReason End)> AskAsync(Reply challenge)
    {
        ReplyWriter.Write(wire.Output, challenge);
        return lines.ReadResponseAsync();
    }

    private static AuthOutcome? Complain(AuthResponse response, CloseReason end) =>
        end != CloseReason.None ? new AuthOutcome(null) { End = end }
        : response.Kind switch
        {
            AuthResponseKind.Decoded => null,
            AuthResponseKind.Cancelled => new AuthOutcome(AuthReplies.Cancelled),
            AuthResponseKind.TooLong => new AuthOutcome(AuthReplies.LineTooLong),
            AuthResponseKind.NotBase64 => new AuthOutcome(AuthReplies.NotBase64),
            _ => throw new UnreachableException(),
        };

    private async ValueTask<AuthOutcome> CheckAsync(SessionFacts session, SaslCredentials credentials) =>
        await services.Authenticator!.AuthenticateAsync(session, credentials, aborted) switch
        {
            AuthenticationResult.Accepted accepted => new AuthOutcome(AuthReplies.Succeeded) { Accepted = accepted },
            AuthenticationResult.Rejected => Failed(),
            AuthenticationResult.Unavailable => new AuthOutcome(AuthReplies.Unavailable),
            AuthenticationResult.TooManyFailures => new AuthOutcome(null) { ClosingReply = ClosingReply },
            _ => throw new UnreachableException(),
        };

    // RFC 4954 §4 lets the server end a session after several failures; RFC 5321 §4.3.2: 421 may come at any time.
    private AuthOutcome Failed() => new(AuthReplies.Failed)
    {
        ClosingReply = ++_failures < services.Options.MaxAuthenticationFailures ? null : ClosingReply,
    };
}
