using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Server;

/// <summary>Decides who may send through this server, and to whom.</summary>
public interface IMailboxPolicy
{
    /// <summary>Null to accept the reverse-path, or the refusal to answer MAIL with.</summary>
    ValueTask<Reply?> CheckReversePathAsync(SessionFacts session, MailFrom mail, CancellationToken cancellationToken);

    /// <summary>Null to accept the recipient, or the refusal to answer RCPT with.</summary>
    ValueTask<Reply?> CheckRecipientAsync(
        SessionFacts session, MailFrom mail, RcptTo recipient, CancellationToken cancellationToken);
}
