using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

/// <summary>Accepts everyone but what the test names.</summary>
internal sealed class ScriptedPolicy : IMailboxPolicy
{
    public Func<MailFrom, Reply?> Mail { get; set; } = _ => null;

    public Func<RcptTo, Reply?> Recipient { get; set; } = _ => null;

    public ValueTask<Reply?> CheckReversePathAsync(
        SessionFacts session, MailFrom mail, CancellationToken cancellationToken) => new(Mail(mail));

    public ValueTask<Reply?> CheckRecipientAsync(
        SessionFacts session, MailFrom mail, RcptTo recipient, CancellationToken cancellationToken) =>
        new(Recipient(recipient));
}
