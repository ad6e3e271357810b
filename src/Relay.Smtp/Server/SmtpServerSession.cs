using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server.Authentication;

namespace Relay.Smtp.Server;

/// <summary>
/// The server's side of one SMTP connection (RFC 5321), with PIPELINING, SIZE, 8BITMIME, SMTPUTF8, CHUNKING, DSN,
/// ENHANCEDSTATUSCODES, STARTTLS and AUTH. What it does about trouble:
/// a faulty command is answered and counted; too many of those, and too much of anything else, end the session with 421
/// (<see cref="SessionLimits"/>); a faulty message is read to its end and refused; time out and shutdown give 421; a lost connection discards what is half in; an exception of ours gives 421.
/// </summary>
public sealed class SmtpServerSession
{
    private readonly SmtpServerDependencies _services;
    private readonly SmtpServerOptions _options;
    private readonly ServerConnection _wire;
    private readonly MailTransaction _transaction;
    private readonly CommandReader _commands;
    private readonly AuthExchange _authentication;
    private readonly SessionLimits _limits;
    private readonly ClosingReply _closingReply;
    private SessionFacts _facts;

    private bool HasSaidHello => _facts.HelloName.Length > 0;

    private SmtpServerSession(
        SmtpServerDependencies services, SessionFacts client, ServerConnection wire, CancellationToken aborted)
    {
        _services = services;
        _options = services.Options;
        _facts = client;
        _wire = wire;
        _transaction = new MailTransaction(services, aborted);
        _commands = new CommandReader(wire, services.Options.CommandTimeout, services.Clock);
        _authentication = new AuthExchange(services, wire, _commands, aborted);
        _limits = new SessionLimits(services.Options, services.Clock);
        _closingReply = new ClosingReply(services);
    }

    /// <summary>Serves one client until the session ends; both directions of the pipe are completed then.</summary>
    /// <param name="transport">The connection, in clear.</param>
    /// <param name="client">Its addresses.</param>
    /// <param name="services">Behaviour, policy and acceptor.</param>
    /// <param name="shutdownRequested">Orderly stop: a message in flight is finished, then 421 (RFC 5321 §3.8).</param>
    /// <param name="aborted">Gives the session up at once; nothing is said. Not for the end of the connection, which the pipe
    /// tells: a client may close its side and still wait for its replies.</param>
    public static async Task RunAsync(
        IDuplexPipe transport, SessionFacts client, SmtpServerDependencies services,
        CancellationToken shutdownRequested, CancellationToken aborted)
    {
        await using var wire = new ServerConnection(transport, services.Options, services.Clock, shutdownRequested, aborted);
        var session = new SmtpServerSession(services, client, wire, aborted);
        try
        {
            await session.ServeAsync();
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            session.End(CloseReason.Aborted);
        }
#pragma warning disable CA1031 // The session loop: whatever a policy, an acceptor or we did wrong ends this session only.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            services.Logger.SessionFailed(exception, client.Remote.Address);
            session.AnswerLast(Replies.Failed(services.Options.HostName));
        }
        finally
        {
            await session._transaction.ResetAsync();
        }
    }

    private async Task ServeAsync()
    {
        if (_options.ImplicitTls && !await SecureAsync(_options.Certificate?.Invoke()))
        {
            return;
        }

        if (IsSpeakingEarly())
        {
            return;
        }

        Answer(new Reply(220, default, $"{_options.HostName} ESMTP"));
        while (true)
        {
            if (_wire.IsStopping && !_transaction.IsReceiving)
            {
                End(CloseReason.Stopping);
                return;
            }

            var (command, end) = await ReadCommandAsync();
            if (command is null)
            {
                End(end);
                return;
            }

            if (_limits.Take(command, _transaction.IsReceiving) is var limit and not SessionLimit.None)
            {
                EndBy(limit);
                return;
            }

            if (!await ExecuteAsync(command))
            {
                return;
            }

            if (end != CloseReason.None)
            {
                _services.Logger.LimitReached(LogLevel.Warning, _facts.Remote.Address, "line-length", CommandReader.MaxLineOctets);
                return;
            }
        }
    }

    private async ValueTask<(SmtpCommand? Command, CloseReason End)> ReadCommandAsync()
    {
        var minimumRate = _transaction.MinimumRate;
        var started = _services.Clock.GetTimestamp();
        var read = await _commands.ReadAsync(yields: !_transaction.IsReceiving, isFirst: !HasSaidHello);
        minimumRate?.Waited(_services.Clock.GetElapsedTime(started));
        return minimumRate is { IsOver: true } ? (null, CloseReason.TooSlow) : read;
    }

    // False: the session is over.
    private ValueTask<bool> ExecuteAsync(SmtpCommand command) => command switch
    {
        SmtpCommand.Bdat chunk => ReceiveChunkAsync(chunk),
        _ when IsTlsMissing(command) => new(Answer(Replies.TlsRequired)),
        SmtpCommand.Mail mail => MailAsync(mail.From),
        SmtpCommand.Rcpt rcpt => AnswerRecipientAsync(rcpt.To),
        SmtpCommand.Data => ReceiveDataAsync(),
        SmtpCommand.Hello hello => AnswerAsync(HelloAsync(hello)),
        SmtpCommand.Rset => AnswerAsync(ResetAsync()),
        SmtpCommand.StartTls => StartTlsAsync(),
        SmtpCommand.Quit => new(AnswerLast(Replies.Bye)),
        SmtpCommand.Noop => new(Answer(Replies.Ok)),
        SmtpCommand.Help => new(Answer(Replies.Help)),
        SmtpCommand.Vrfy => new(Answer(Replies.CannotVerify)),
        SmtpCommand.Auth auth => AuthenticateAsync(auth),
        SmtpCommand.Expn => new(Answer(Replies.NotImplemented)),
        // RFC 3030 §2: of a BDAT without a size nobody knows where its octets end; they must not run as commands. Nor, RFC 5321 §2.3.8, what
        // stands behind a LF alone, which ends no line; whoever sends it waits for a reply that would never come.
        SmtpCommand.Invalid { Fault: CommandFault.BadChunkSize or CommandFault.LineFeedAlone } last => new(AnswerLast(Replies.To(last.Fault))),
        SmtpCommand.Foreign(var protocol) => new(EndForeign(protocol)),
        // RFC 5321 §4.1.4 begins every session with EHLO. A client whose first line is no line of SMTP has not come for it.
        SmtpCommand.Invalid { Fault: CommandFault.UnknownVerb or CommandFault.LineTooLong or CommandFault.BareLineEnd } when !HasSaidHello
            => new(EndForeign(ForeignProtocol.Unknown)),
        SmtpCommand.Invalid invalid => new(Answer(Replies.To(invalid.Fault))),
        _ => throw new UnreachableException(),
    };

    // RFC 3207 §4: where TLS is demanded, all but these four get 530.
    private bool IsTlsMissing(SmtpCommand command) =>
        _options.RequireTls && !_facts.IsSecure
        && command is not (SmtpCommand.Noop or SmtpCommand.Hello { IsExtended: true } or SmtpCommand.StartTls
            or SmtpCommand.Quit or SmtpCommand.Invalid or SmtpCommand.Foreign);

    // RFC 5321 §4.1.4: EHLO in mid-session also resets.
    private async ValueTask<Reply> HelloAsync(SmtpCommand.Hello hello)
    {
        await _transaction.ResetAsync();
        _facts = _facts with { HelloName = hello.Name, IsExtended = hello.IsExtended };
        return hello.IsExtended ? Capabilities.Of(_options, _facts, _authentication.CapabilityFor(_facts)) : new Reply(250, default, _options.HostName);
    }

    private async ValueTask<Reply> ResetAsync()
    {
        await _transaction.ResetAsync();
        return Replies.Ok;
    }

    // RFC 4954 §6: 530 where authentication is not in force, or no longer. §4 allows one AUTH a session, so that a client that
    // would authenticate again, with the new password, has to connect again.
    private ValueTask<bool> MailAsync(MailFrom mail) => !_authentication.IsOver(_facts)
        ? AnswerAsync(_transaction.MailAsync(_facts, mail))
        : new(Answer(AuthReplies.NoLongerInForce) && AnswerLast(AuthReplies.AuthenticateAgain(_options.HostName)));

    private async ValueTask<bool> ReceiveDataAsync()
    {
        if (_transaction.CheckContent(isChunk: false) is { } refusal)
        {
            return Answer(refusal);
        }

        await using var receiver = await _transaction.BeginDataAsync(_facts);
        Answer(Replies.StartMail);
        var end = await ContentReader.ReadDataAsync(_wire, receiver);
        if (end != CloseReason.None)
        {
            return End(end);
        }

        if (!receiver.IsEnded)
        {
            _transaction.LogRefusal(_facts, Replies.TooBig);
            return AnswerLast(Replies.TooBig);
        }

        return await FinishAsync(await receiver.CompleteAsync());
    }

    private async ValueTask<bool> ReceiveChunkAsync(SmtpCommand.Bdat chunk)
    {
        var refusal = IsTlsMissing(chunk) ? Replies.TlsRequired : _transaction.CheckContent(isChunk: true);
        var receiver = refusal is null ? await _transaction.BeginChunkAsync(_facts) : null;

        // RFC 3030 §2, departure: a chunk beyond twice the limit is not read to its end but ends the session, for its size
        // is the client's word and may be any number.
        if (receiver?.ExceedsDiscardLimit(chunk.Octets) ?? (chunk.Octets > 2 * _options.MaxMessageBytes))
        {
            if (receiver is not null)
            {
                _transaction.LogRefusal(_facts, Replies.TooBig);
            }

            return AnswerLast(Replies.TooBig);
        }

        if (receiver?.Exceeds(chunk.Octets) == true)
        {
            receiver.Refuse(Replies.TooBig);
        }

        var minimumRate = receiver?.MinimumRate ?? new MinimumRate(_options, _services.Clock);
        var end = await ContentReader.ReadChunkAsync(_wire, receiver, chunk.Octets, minimumRate);
        if (end != CloseReason.None)
        {
            return End(end);
        }

        if (receiver is null)
        {
            return Answer(refusal!);
        }

        // RFC 3030 §2: a failed chunk fails the message; chunks still in the pipeline are dropped and get 503.
        return chunk.IsLast ? await FinishAsync(await receiver.CompleteAsync())
            : receiver.Refusal is { } failure ? await FinishAsync(failure)
            : Answer(new Reply(250, new(2, 0, 0), $"{chunk.Octets} octets received"));
    }

    // The transaction is over, whatever the reply (RFC 5321 §4.1.1.4).
    private async ValueTask<bool> FinishAsync(Reply reply)
    {
        if (reply.IsPositive)
        {
            _limits.Renew();
        }
        else
        {
            _transaction.LogRefusal(_facts, reply);
        }

        await _transaction.ResetAsync();

        return Answer(reply);
    }

    // RFC 5321 §3.1, §4.1.4: the client waits for the greeting. One that does not is a robot; it is refused at once, without a pause
    // that would cost us more than it. Whether it is seen is a matter of luck: what must not pass is known by what it says.
    private bool IsSpeakingEarly()
    {
        Span<byte> room = stackalloc byte[ForeignLine.StartOctets];
        var start = room[.._wire.Peek(room)];
        var protocol = ForeignLine.OfStart(start);
        return !start.IsEmpty && !(protocol == ForeignProtocol.None ? EndEarlyTalk("greeting") : EndForeign(protocol));
    }

    private bool EndForeign(ForeignProtocol protocol)
    {
        _services.Logger.ForeignProtocol(
            _facts.Remote.Address,
            protocol switch
            {
                ForeignProtocol.Http => "http",
                ForeignProtocol.Tls => "tls",
                _ => "unknown",
            });
        return AnswerLast(Replies.NotSmtp);
    }

    private bool EndEarlyTalk(string before)
    {
        _services.Logger.EarlyTalker(_facts.Remote.Address, before);
        return AnswerLast(Replies.EarlyTalker);
    }

    private async ValueTask<bool> StartTlsAsync()
    {
        if (_facts.IsSecure || _options.Certificate is null)
        {
            return Answer(_facts.IsSecure ? Replies.AlreadySecure : Replies.NotImplemented);
        }

        // RFC 3207 §4.2, RFC 2920 §3.1: STARTTLS ends its group. Commands that came with it in clear were put there by
        // someone who wants them to run inside TLS (CVE-2011-0411); the session is dropped.
        if (_wire.HasInput())
        {
            return EndEarlyTalk("tls");
        }

        if (_options.Certificate() is not { } certificate)
        {
            return Answer(Replies.TlsUnavailable);
        }

        Answer(Replies.ReadyForTls);
        return await _wire.FlushAsync() == CloseReason.None && await SecureAsync(certificate);
    }

    private async ValueTask<bool> AuthenticateAsync(SmtpCommand.Auth auth)
    {
        var outcome = await _authentication.RunAsync(auth, _facts, _transaction.IsOpen);
        if (outcome.End != CloseReason.None)
        {
            return End(outcome.End);
        }

        _facts = outcome.Accepted is { } accepted
            ? _facts with { User = accepted.User, CredentialId = accepted.CredentialId }
            : _facts;
        return (outcome.Reply is not { } reply || Answer(reply))
            && (outcome.ClosingReply is not { } closingReply || AnswerLast(closingReply));
    }

    private async ValueTask<bool> SecureAsync(SslStreamCertificateContext? certificate)
    {
        var failure = certificate is null
            ? "no certificate"
            : await _wire.SecureAsync(certificate);
        if (failure is not null)
        {
            _services.Logger.HandshakeFailed(_facts.Remote.Address, _facts.Local, failure);
            return false;
        }

        // RFC 3207 §4.2: whatever was known from before is forgotten; the client says EHLO again.
        await _transaction.ResetAsync();
        _limits.Forget();
        var tls = _wire.Tls!;
        _facts = new SessionFacts(_facts.Remote, _facts.Local)
        {
            TlsVersion = tls.SslProtocol,
            CipherSuite = tls.NegotiatedCipherSuite,
        };
        return true;
    }

    private async ValueTask<bool> AnswerAsync(ValueTask<Reply> reply) => Answer(await reply);

    private async ValueTask<bool> AnswerRecipientAsync(RcptTo recipient)
    {
        var reply = await _transaction.RcptAsync(_facts, recipient);
        return Answer(reply, _limits.TakeRecipient(reply));
    }

    // Queues the reply. False when it was one error too many and the session is over.
    private bool Answer(Reply reply) => Answer(reply, _limits.Take(reply));

    private bool Answer(Reply reply, SessionLimit limit)
    {
        Write(reply);
        return limit == SessionLimit.None || EndBy(limit);
    }

    // Queues the reply that ends the session; always false.
    private bool AnswerLast(Reply reply)
    {
        Write(reply);
        return false;
    }

    private void Write(Reply reply)
    {
        // RFC 5321 §4.2.4, §4.1.1.11; RFC 3207 §4: what is wrong is the command. Whoever refuses for another reason logs it.
        if (reply.Code is (>= 500 and <= 504) or 530 or 555)
        {
            _services.Logger.CommandRefused(_facts.Remote.Address, _facts.HelloName, reply.ToString());
        }

        ReplyWriter.Write(_wire.Output, reply);
    }

    // Says why the session ends, where the client can still hear it; always false.
    private bool End(CloseReason end) => _closingReply.To(end, _facts.Remote.Address) is { } reply && AnswerLast(reply);

    // Says which limit the session ends by; always false.
    private bool EndBy(SessionLimit limit) => AnswerLast(_closingReply.To(limit, _facts.Remote.Address));
}
