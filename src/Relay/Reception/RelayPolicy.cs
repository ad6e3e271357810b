using Microsoft.Extensions.Logging;
using Relay.Configuration;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;
using Relay.Submission;

namespace Relay.Reception;

/// <summary>
/// Who may send through this relay: clients in trusted networks, users who have authenticated, and nobody else (RFC 5321 §7.9).
/// A listener that requires authentication trusts no network.
/// </summary>
internal sealed class RelayPolicy : IMailboxPolicy
{
    private readonly TrustedNetworks _trusted;
    private readonly ILogger _logger;
    private readonly bool _requireAuthentication;
    private readonly SubmissionDependencies _submission;

    public RelayPolicy(TrustedNetworks trusted, bool requireAuthentication, SubmissionDependencies submission, ILogger logger)
    {
        _trusted = trusted;
        _requireAuthentication = requireAuthentication;
        _submission = submission;
        _logger = logger;
    }

    public ValueTask<Reply?> CheckReversePathAsync(
        SessionFacts session, MailFrom mail, CancellationToken cancellationToken)
    {
        // RFC 4954 §6: a server that demands authentication says so at MAIL.
        if (session.User is null && _requireAuthentication)
        {
            return new(new Reply(530, new(5, 7, 0), "Authentication required"));
        }

        if (mail.ReversePath.Mailbox is { } mailbox && FaultOf(mailbox) is { } fault)
        {
            return new(new Reply(553, new(5, 1, 7), $"The sender's domain {fault}"));
        }

        // RFC 6409 §6.1: 550 5.7.1 for an address that is not this identity's.
        return new(session.User is null || _submission.SenderLogins.Allows(session.User, mail.ReversePath)
            ? null
            : new Reply(550, new(5, 7, 1), $"You may not send as {mail.ReversePath}"));
    }

    public ValueTask<Reply?> CheckRecipientAsync(
        SessionFacts session, MailFrom mail, RcptTo recipient, CancellationToken cancellationToken)
    {
        var refusal = Refuse(session, recipient.Mailbox);
        if (refusal is not null)
        {
            _logger.RelayDenied(
                session.Remote.Address,
                session.HelloName,
                mail.ReversePath.ToString(),
                $"<{recipient.Mailbox}>",
                refusal.ToString());
        }

        return ValueTask.FromResult(refusal);
    }

    private Reply? Refuse(SessionFacts session, Mailbox recipient)
    {
        if (session.User is null && (_requireAuthentication || !_trusted.Contains(session.Remote.Address)))
        {
            // RFC 5321 §3.6.2: 550 says that the relay is not for this client.
            return new Reply(
                550, new(5, 7, 1), "Relaying denied: you have not authenticated and your address is not in a trusted network");
        }

        // An empty domain passes here only for <Postmaster> (RFC 5321 §4.5.1); the grammar takes no other.
        return recipient.Domain.Length > 0 && FaultOf(recipient) is { } fault
            ? new Reply(550, new(5, 1, 2), $"The domain {fault}")
            : null;
    }

    // RFC 5891 §5.4: a name that cannot be looked up is refused; RFC 6409 §4.2, RFC 5321 §5.1: so are partial names, rather than
    // completed by guessing.
    private static string? FaultOf(Mailbox mailbox) =>
        !mailbox.MailDomain.IsValid ? $"\"{mailbox.Domain}\" is no domain name; use user@example.com"
        : mailbox.MailDomain.Literal is null && !mailbox.MailDomain.Name.Value.Contains('.', StringComparison.Ordinal)
            ? $"\"{mailbox.Domain}\" is not fully qualified; use user@example.com"
        : null;
}
