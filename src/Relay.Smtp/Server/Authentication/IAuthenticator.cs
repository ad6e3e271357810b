namespace Relay.Smtp.Server.Authentication;

/// <summary>Decides whether a client is who it says it is. Where accounts live is the program's affair.</summary>
public interface IAuthenticator
{
    /// <summary>AUTH is offered inside TLS; asked at every EHLO, so that the answer may change.</summary>
    bool IsOffered { get; }

    /// <summary>
    /// Checks credentials, and takes its time where there were failures before. The octets are cleared when it returns.
    /// </summary>
    ValueTask<AuthenticationResult> AuthenticateAsync(
        SessionFacts session, SaslCredentials credentials, CancellationToken cancellationToken);

    /// <summary>Whether what the session's user proved still holds; asked at every MAIL of a client that has authenticated.</summary>
    bool StillHolds(SessionFacts session);
}
