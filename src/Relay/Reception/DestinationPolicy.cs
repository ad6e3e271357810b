using Microsoft.Extensions.Logging;
using Relay.Delivery.Routing;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>Refuses recipients whose destination is known to take no mail, so that the sender learns of it at once.</summary>
internal sealed class DestinationPolicy(IMailboxPolicy policy, IDestinationCheck destinations, ILogger logger) : IMailboxPolicy
{
    private static readonly EnhancedStatusCode NullMx = new(5, 1, 10);

    public ValueTask<Reply?> CheckReversePathAsync(SessionFacts session, MailFrom mail, CancellationToken cancellationToken) =>
        policy.CheckReversePathAsync(session, mail, cancellationToken);

    public async ValueTask<Reply?> CheckRecipientAsync(
        SessionFacts session, MailFrom mail, RcptTo recipient, CancellationToken cancellationToken)
    {
        if (await policy.CheckRecipientAsync(session, mail, recipient, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        // Only what is known is used: RCPT waits for no name server of a remote party's.
        if (destinations.RefusalOf(recipient.Mailbox.MailDomain) is not { } failure)
        {
            return null;
        }

        // RFC 7505 §4.1: 556 with 5.1.10.
        var refused = new Reply(failure.Status == NullMx ? 556 : 550, failure.Status, failure.Text);
        logger.RelayDenied(
            session.Remote.Address, session.HelloName, mail.ReversePath.ToString(), $"<{recipient.Mailbox}>", refused.ToString());
        return refused;
    }
}
