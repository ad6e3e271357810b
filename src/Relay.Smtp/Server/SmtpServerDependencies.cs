using Microsoft.Extensions.Logging;
using Relay.Smtp.Server.Authentication;

namespace Relay.Smtp.Server;

/// <summary>What all sessions of a listener share.</summary>
/// <param name="Options">Their behaviour.</param>
/// <param name="Policy">Who may send, and to whom.</param>
/// <param name="Acceptor">Where messages go.</param>
/// <param name="Clock">The clock of their time limits.</param>
/// <param name="Logger">Where they report trouble.</param>
public sealed record SmtpServerDependencies(
    SmtpServerOptions Options, IMailboxPolicy Policy, IMessageAcceptor Acceptor, TimeProvider Clock, ILogger Logger)
{
    /// <summary>Who checks credentials; null: there is no AUTH.</summary>
    public IAuthenticator? Authenticator { get; init; }
}
