using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>
/// Lets no client begin more messages in a minute than it may, trusted or not; what another policy refuses is not counted. A
/// minute's worth may come at once.
/// </summary>
internal sealed class RateLimitedPolicy(IMailboxPolicy policy, TokenBuckets messages, int perMinute, ILogger logger) : IMailboxPolicy
{
    // RFC 5321 §7.8, §4.2.1: a refusal for now, so that the client keeps the message and comes again.
    private static readonly Reply TooFast = new(
        450, new(4, 7, 0), "Too many messages from your address; try again in a minute");

    public async ValueTask<Reply?> CheckReversePathAsync(SessionFacts session, MailFrom mail, CancellationToken cancellationToken)
    {
        if (await policy.CheckReversePathAsync(session, mail, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (messages.TryTake(AddressBlock.OfClient(session.Remote.Address), out var missed))
        {
            return null;
        }

        if (missed == 1)
        {
            logger.LimitReached(session.Remote.Address, "messages-per-minute", perMinute);
        }

        return TooFast;
    }

    public ValueTask<Reply?> CheckRecipientAsync(
        SessionFacts session, MailFrom mail, RcptTo recipient, CancellationToken cancellationToken) =>
        policy.CheckRecipientAsync(session, mail, recipient, cancellationToken);
}
