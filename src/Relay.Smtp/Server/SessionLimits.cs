using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Server;

/// <summary>
/// What a session may cost between two messages: errors, commands and time. RFC 5321 §7.8 lets a server protect itself, §4.3.2
/// lets it answer any command with 421; a message that was taken gives the whole allowance back, so that a client which sends
/// mail never meets these limits, however long it stays.
/// </summary>
internal sealed class SessionLimits(SmtpServerOptions options, TimeProvider clock)
{
    // A smaller chunk of BDAT is hardly more than its command.
    private const long LeastUsefulChunk = 1024;

    private long _since = clock.GetTimestamp();
    private int _commands;
    private int _errors;

    /// <summary>Counts a command in; says which limit it breaks.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isReceiving">A message is half in; its time is measured otherwise.</param>
    public SessionLimit Take(SmtpCommand command, bool isReceiving)
    {
        // RFC 5321 §4.5.3.2.7, departure: each command has its five minutes, but a client that fills them with nothing is not
        // kept for ever. QUIT is always heard.
        if (command is SmtpCommand.Quit)
        {
            return SessionLimit.None;
        }

        if (!isReceiving && clock.GetElapsedTime(_since) > options.MaxTimeWithoutMessage)
        {
            return SessionLimit.TimeWithoutMessage;
        }

        return command is SmtpCommand.Bdat { Octets: >= LeastUsefulChunk } || ++_commands <= options.MaxCommands
            ? SessionLimit.None
            : SessionLimit.Commands;
    }

    /// <summary>Counts a reply; says whether it was one error too many. RFC 5321 §4.3.2: a client that only makes mistakes is not
    /// worth a session, and one that is only refused is a remote party trying doors.</summary>
    public SessionLimit Take(Reply reply) =>
        reply.IsPermanent && ++_errors >= options.MaxErrors ? SessionLimit.Errors : SessionLimit.None;

    /// <summary>Counts the reply to RCPT. RFC 5321 §4.5.3.1.8: recipients that are taken, and those of a mailing whose address is
    /// at fault (5.1.x), are bounded by their own limit and are no errors of the client.</summary>
    public SessionLimit TakeRecipient(Reply reply)
    {
        if (reply.IsPositive)
        {
            _commands--;
        }

        return reply is { Code: 550 or 556, Status.Subject: 1 } ? SessionLimit.None : Take(reply);
    }

    /// <summary>A message was taken: the allowance is whole again.</summary>
    public void Renew()
    {
        _since = clock.GetTimestamp();
        Forget();
    }

    /// <summary>RFC 3207 §4.2: counters from before TLS are void; its time goes on.</summary>
    public void Forget()
    {
        _commands = 0;
        _errors = 0;
    }
}
