using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Server;

/// <summary>The state from MAIL to the end of the message (RFC 5321 §3.3), and the order of its commands (§4.1.4).</summary>
internal sealed class MailTransaction(SmtpServerDependencies services, CancellationToken aborted)
{
    private MailFrom? _mail;
    private List<RcptTo> _recipients = [];
    private MessageReceiver? _chunks;
    private bool _saidTooMany;

    /// <summary>MAIL was accepted.</summary>
    public bool IsOpen => _mail is not null;

    /// <summary>A message is half in, between two chunks of BDAT.</summary>
    public bool IsReceiving => _chunks is not null;

    /// <summary>The pace of the message that is half in; null when none is.</summary>
    public MinimumRate? MinimumRate => _chunks?.MinimumRate;

    public async ValueTask<Reply> MailAsync(SessionFacts session, MailFrom mail)
    {
        // RFC 5321 §4.1.4: EHLO or HELO comes before a transaction, and transactions do not nest.
        if (session.HelloName.Length == 0)
        {
            return Replies.HelloFirst;
        }

        if (_mail is not null)
        {
            return Replies.NestedMail;
        }

        // RFC 6531 §3.5: 553 with 5.6.7 for an address that needs the extension but does not ask for it.
        if (mail is { SmtpUtf8: false, ReversePath.Mailbox.IsInternationalized: true })
        {
            return Replies.Utf8NotDeclared;
        }

        // RFC 1870 §6.1: an excessive declaration is refused before the content travels.
        var refusal = mail.DeclaredSize > services.Options.MaxMessageBytes
            ? Replies.TooBig
            : await services.Policy.CheckReversePathAsync(session, mail, aborted);
        if (refusal is not null)
        {
            LogRefusal(session, mail, refusal);
            return refusal;
        }

        _mail = mail;
        return Replies.SenderOk;
    }

    public async ValueTask<Reply> RcptAsync(SessionFacts session, RcptTo recipient)
    {
        if (_mail is null)
        {
            return Replies.MailFirst;
        }

        if (_chunks is not null)
        {
            return Replies.ChunkingBegun;
        }

        // RFC 6531 §3.5; RFC 6533 §3 has the same for a UTF-8 ORCPT.
        if (!_mail.SmtpUtf8 && (recipient.Mailbox.IsInternationalized
            || (recipient.OriginalRecipient is { } original && !System.Text.Ascii.IsValid(original))))
        {
            return Replies.Utf8NotDeclared;
        }

        if (_recipients.Count >= services.Options.MaxRecipients)
        {
            LogTooManyRecipients(session);
            return Replies.TooManyRecipients;
        }

        if (await services.Policy.CheckRecipientAsync(session, _mail, recipient, aborted) is { } refusal)
        {
            return refusal;
        }

        _recipients.Add(recipient);
        return Replies.RecipientOk;
    }

    /// <summary>Why DATA or BDAT cannot come now; null when it can.</summary>
    public Reply? CheckContent(bool isChunk) =>
        _mail is null ? Replies.MailFirst
        : !isChunk && _chunks is not null ? Replies.ChunkingBegun // RFC 3030 §2: DATA and BDAT do not mix.
        : _recipients.Count == 0 ? Replies.NoRecipients
        : null;

    /// <summary>Begins the message of DATA; the caller disposes it.</summary>
    public async ValueTask<MessageReceiver> BeginDataAsync(SessionFacts session) =>
        await ReceiveAsync(session, isDotStuffed: true);

    /// <summary>Begins the message of BDAT, or goes on with it; <see cref="ResetAsync"/> disposes it.</summary>
    public async ValueTask<MessageReceiver> BeginChunkAsync(SessionFacts session) =>
        _chunks ??= await ReceiveAsync(session, isDotStuffed: false);

    /// <summary>Tells the operator why the message was refused: its sender often does not.</summary>
    public void LogRefusal(SessionFacts session, Reply reply) => LogRefusal(session, _mail!, reply);

    /// <summary>Forgets everything; a message that is half in is discarded.</summary>
    public async ValueTask ResetAsync()
    {
        var chunks = _chunks;
        _mail = null;
        _recipients = [];
        _chunks = null;
        if (chunks is not null)
        {
            await chunks.DisposeAsync();
        }
    }

    // Once a session: a client that goes on asking writes no further line.
    private void LogTooManyRecipients(SessionFacts session)
    {
        if (!_saidTooMany)
        {
            _saidTooMany = true;
            services.Logger.LimitReached(
                LogLevel.Warning, session.Remote.Address, "recipients", services.Options.MaxRecipients);
        }
    }

    private void LogRefusal(SessionFacts session, MailFrom mail, Reply reply) => services.Logger.Refused(
        mail.ReversePath.ToString(), session.Remote.Address, session.HelloName, reply.ToString());

    private async ValueTask<MessageReceiver> ReceiveAsync(SessionFacts session, bool isDotStuffed)
    {
        var message = await services.Acceptor.BeginAsync(session, _mail!, _recipients, aborted);
        return new MessageReceiver(
            message, isDotStuffed, services.Options.MaxMessageBytes, new MinimumRate(services.Options, services.Clock), aborted);
    }
}
