using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>
/// One mail transaction from MAIL to the reply to the final dot. The envelope goes out in one group where the server
/// pipelines (RFC 2920 §3.1), else command by command; replies are matched by position either way.
/// </summary>
internal sealed class ClientTransaction
{
    private readonly SmtpConnection _connection;
    private readonly SmtpTimeouts _timeouts;
    private readonly OutgoingTransaction _transaction;
    private readonly bool _pipelines;
    private readonly List<(SmtpStage Stage, int Recipient)> _steps = [];
    private readonly RecipientResult?[] _results;
    private Reply? _dataReply;
    private int _refused;
    private bool _mailRefused;

    public ClientTransaction(
        SmtpConnection connection, SmtpTimeouts timeouts, OutgoingTransaction transaction, bool pipelines)
    {
        _connection = connection;
        _timeouts = timeouts;
        _transaction = transaction;
        _pipelines = pipelines;
        _results = new RecipientResult?[transaction.Recipients.Count];
    }

    /// <summary>
    /// The server may still hold this transaction open; RSET must come before the next MAIL (RFC 5321 §4.1.4).
    /// </summary>
    public bool LeavesTransactionOpen { get; private set; }

    private bool NobodyIsLeft => _mailRefused || _refused == _results.Length;

    /// <summary>Runs it.</summary>
    /// <param name="offered">What the server offers.</param>
    /// <param name="resetsFirst">An earlier transaction was left open.</param>
    /// <param name="cancellationToken">Cancels, which leaves the session unusable.</param>
    public async Task<TransactionResult> RunAsync(
        ServerCapabilities offered, bool resetsFirst, CancellationToken cancellationToken)
    {
        using (var commands = WriteCommands(offered, resetsFirst))
        {
            await ExchangeEnvelopeAsync(commands, cancellationToken);
        }

        if (_connection.Fault is null && _dataReply is { IsIntermediate: true })
        {
            LeavesTransactionOpen = false;
            await SendContentAsync(cancellationToken);
        }

        return Conclude();
    }

    private CommandWriter WriteCommands(ServerCapabilities offered, bool resetsFirst)
    {
        var commands = new CommandWriter(offered);
        if (resetsFirst)
        {
            commands.Simple("RSET");
            _steps.Add((SmtpStage.Reset, -1));
        }

        commands.Mail(_transaction);
        _steps.Add((SmtpStage.Mail, -1));
        for (var i = 0; i < _results.Length; i++)
        {
            commands.Recipient(_transaction.Recipients[i], _transaction);
            _steps.Add((SmtpStage.Recipient, i));
        }

        commands.Simple("DATA"); // RFC 2920 §3.1: the last of its group
        _steps.Add((SmtpStage.Data, -1));
        return commands;
    }

    private async Task ExchangeEnvelopeAsync(CommandWriter commands, CancellationToken cancellationToken)
    {
        // The group is written while its replies are read: a server that waits with reading until its replies are taken
        // would hold a client that writes first for ever (RFC 2920 §3.1, "send window").
        var writing = _pipelines
            ? _connection.WriteAsync(commands.All, SmtpStage.Mail, _timeouts.Mail, cancellationToken).AsTask()
            : null;
        try
        {
            for (var i = 0; i < _steps.Count && _connection.Fault is null; i++)
            {
                if (_connection.BreakIfOverdue(_steps[i].Stage))
                {
                    return;
                }

                if (writing is null && !await WriteStepAsync(commands, i, cancellationToken))
                {
                    return;
                }

                await ReadStepAsync(_steps[i], cancellationToken);
            }
        }
        finally
        {
            if (writing is not null)
            {
                // A fault has closed the transport and a cancelled caller its token, so this ends; why it failed is of
                // no interest, for the replies have told what the server took.
                await ((Task)writing).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    /// <summary>False when the step need not or cannot be taken.</summary>
    private async Task<bool> WriteStepAsync(CommandWriter commands, int index, CancellationToken cancellationToken)
    {
        var stage = _steps[index].Stage;
        if (stage is SmtpStage.Recipient or SmtpStage.Data && NobodyIsLeft)
        {
            return false;
        }

        // A connection that does not take the command may still hold a last word, 421 above all; it is read next.
        var fault = await _connection.WriteAsync(commands[index], stage, LimitOf(stage), cancellationToken);
        if (fault is { Kind: SessionFaultKind.TimedOut })
        {
            _connection.Break(fault);
        }

        return _connection.Fault is null;
    }

    private async Task ReadStepAsync((SmtpStage Stage, int Recipient) step, CancellationToken cancellationToken)
    {
        if (await _connection.ReadReplyAsync(step.Stage, LimitOf(step.Stage), cancellationToken) is not { } reply)
        {
            return;
        }

        // RFC 5321 §4.2.1, §4.3.2: 3yz answers DATA alone, and DATA is not answered 2yz. Replies and commands are out
        // of step then, and whatever follows would be matched to the wrong recipient.
        if (reply.IsIntermediate != (step.Stage == SmtpStage.Data) && (reply.IsIntermediate || reply.IsPositive))
        {
            Violate(step.Stage, reply);
            return;
        }

        switch (step.Stage)
        {
            case SmtpStage.Reset when !reply.IsPositive:
                Violate(step.Stage, reply);
                break;
            case SmtpStage.Mail:
                _mailRefused = !reply.IsPositive;
                LeavesTransactionOpen = reply.IsPositive;
                DecideBackoff(_mailRefused ? reply : null, step.Stage);
                break;
            case SmtpStage.Recipient when !reply.IsPositive:
                _refused++;
                _results[step.Recipient] ??= new RecipientResult(reply, step.Stage);
                break;
            case SmtpStage.Data:
                _dataReply = reply;
                DecideBackoff(reply.IsIntermediate ? null : reply, step.Stage);
                break;
            default:
                break;
        }

        // RFC 5321 §3.8: the server has gone, and its last word answers for all that it will not answer any more.
        DecideBackoff(_connection.Fault is null ? null : reply, step.Stage);
    }

    private void Violate(SmtpStage stage, Reply reply) =>
        _connection.Break(new SessionFault(SessionFaultKind.ProtocolViolation, stage, $"unexpected reply: {reply}"));

    private async Task SendContentAsync(CancellationToken cancellationToken)
    {
        if (NobodyIsLeft)
        {
            // RFC 2920 §3.1: DATA was taken although no recipient was; a lone dot ends what must not be sent.
            await _connection.WriteAsync(".\r\n"u8.ToArray(), SmtpStage.EndOfData, _timeouts.Block, cancellationToken);
            await _connection.ReadReplyAsync(SmtpStage.EndOfData, _timeouts.EndOfData, cancellationToken);
            return;
        }

        using var sender = new ContentSender(_connection, _timeouts);
        var fault = await sender.SendAsync(_transaction.Content, cancellationToken);
        if (fault is { Kind: not SessionFaultKind.ContentUnavailable })
        {
            // RFC 5321 §3.8: a server that gives up in the middle says why, then closes. A refusal stands; a positive
            // reply to content that was not all sent means nothing.
            var (early, _) = await _connection.TryReadReplyAsync(fault.Stage, _timeouts.Quit, cancellationToken);
            DecideBackoff(early is { IsTransient: true } or { IsPermanent: true } ? early : null, fault.Stage);
        }

        if (fault is not null)
        {
            _connection.Break(fault);
            return;
        }

        var reply = await _connection.ReadReplyAsync(SmtpStage.EndOfData, _timeouts.EndOfData, cancellationToken);
        if (reply is { IsIntermediate: true })
        {
            Violate(SmtpStage.EndOfData, reply);
            return;
        }

        DecideBackoff(reply, SmtpStage.EndOfData);
    }

    /// <summary>Gives a reply to every recipient that has none yet; null decides nothing.</summary>
    private void DecideBackoff(Reply? reply, SmtpStage stage)
    {
        for (var i = 0; reply is not null && i < _results.Length; i++)
        {
            _results[i] ??= new RecipientResult(reply, stage);
        }
    }

    private TransactionResult Conclude()
    {
        var undecided = new RecipientResult(null, _connection.Fault?.Stage ?? SmtpStage.Connect);
        return new TransactionResult(Array.ConvertAll(_results, result => result ?? undecided), _connection.Fault);
    }

    private TimeSpan LimitOf(SmtpStage stage) => stage switch
    {
        SmtpStage.Mail => _timeouts.Mail,
        SmtpStage.Recipient => _timeouts.Recipient,
        SmtpStage.Data => _timeouts.Data,
        _ => _timeouts.Hello,
    };
}
