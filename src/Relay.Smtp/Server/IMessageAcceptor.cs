using Relay.Smtp.Grammar;

namespace Relay.Smtp.Server;

/// <summary>Where a server session hands its messages.</summary>
public interface IMessageAcceptor
{
    /// <summary>
    /// Called when DATA or the first BDAT begins; the content follows. The caller disposes what it gets, which discards
    /// the message unless it was completed.
    /// </summary>
    ValueTask<IIncomingMessage> BeginAsync(
        SessionFacts session, MailFrom mail, IReadOnlyList<RcptTo> recipients, CancellationToken cancellationToken);
}
