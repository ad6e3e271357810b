using Microsoft.Extensions.Logging;
using Relay.Delivery.Routing;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>Refuses recipients whose domain is known to take no mail, so that the sender learns of it at once.</summary>
internal sealed class NullMxPolicy(IMailboxPolicy policy, IKnownNullMx nullMx, ILogger logger) : IMailboxPolicy
{
    public ValueTask<Reply?> CheckReversePathAsync(SessionFacts session, MailFrom mail, CancellationToken cancellationToken) =>
        policy.CheckReversePathAsync(session, mail, cancellationToken);

    public async ValueTask<Reply?> CheckRecipientAsync(
        SessionFacts session, MailFrom mail, RcptTo recipient, CancellationToken cancellationToken)
    {
        if (await policy.CheckRecipientAsync(session, mail, recipient, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        // RFC 7505 §4.1: 556 with 5.1.10. Only what is known is used: RCPT waits for no name server of a stranger's.
        if (!nullMx.Contains(recipient.Mailbox.MailDomain.Name))
        {
            return null;
        }

        var refused = new Reply(556, new(5, 1, 10), $"{recipient.Mailbox.Domain} takes no mail: it publishes a null MX");
        logger.RelayDenied(
            session.Remote.Address, session.HelloName, mail.ReversePath.ToString(), $"<{recipient.Mailbox}>", refused.ToString());
        return refused;
    }
}
