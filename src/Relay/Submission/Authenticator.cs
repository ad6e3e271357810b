using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Relay.Reception;
using Relay.Smtp.Server;
using Relay.Smtp.Server.Authentication;

namespace Relay.Submission;

/// <summary>
/// Checks credentials against the accounts. A name that nobody has costs and waits like any other, so that neither the reply nor its
/// time tells which names there are.
/// </summary>
internal sealed class Authenticator(
    Accounts accounts, PasswordCheck passwords, AuthThrottle throttle, ReceptionLimits limits, ILogger<Authenticator> logger)
    : IAuthenticator
{
    private const int MaxLoggedCharacters = 100;

    /// <inheritdoc/>
    public bool IsOffered => accounts.AreInUse;

    /// <inheritdoc/>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(
        SessionFacts session, SaslCredentials credentials, CancellationToken cancellationToken)
    {
        // What is no name at all shares one measure; nothing in the file can match it.
        var user = CredentialText.TryReadName(credentials.UserName.Span, out var name) ? name : string.Empty;
        using var turn = await throttle.EnterAsync(session.Remote.Address, user, cancellationToken);
        if (turn is null)
        {
            return End(AuthVerdict.TooManyFailures, session, credentials);
        }

        await turn.WaitAsync(cancellationToken);
        var (verdict, id) = await CheckAsync(turn.Attempt, credentials, cancellationToken);
        turn.End = verdict switch
        {
            AuthVerdict.Accepted => LoginEnd.Succeeded,
            AuthVerdict.AccountsUnusable => LoginEnd.Open,
            AuthVerdict.Busy => LoginEnd.Busy,
            _ => LoginEnd.Failed,
        };
        if (verdict == AuthVerdict.Accepted)
        {
            logger.Authenticated(session.Remote.Address, user, credentials.Mechanism);
            return new AuthenticationResult.Accepted(user, id);
        }

        return End(verdict, session, credentials);
    }

    /// <inheritdoc/>
    // While the accounts cannot be read nobody knows better than when the client proved itself.
    public bool StillHolds(SessionFacts session)
    {
        if (session.User is not { } user || accounts.Current is not { } known)
        {
            return true;
        }

        var isThere = known.TryGetValue(user, out var hash);
        if (isThere && hash!.Id == session.CredentialId)
        {
            return true;
        }

        logger.AuthEnded(session.Remote.Address, user, isThere ? "password-changed" : "account-removed");
        return false;
    }

    // With the verdict comes the id of the hash that the password was compared with.
    private async ValueTask<(AuthVerdict Verdict, string CredentialId)> CheckAsync(
        LoginAttempt attempt, SaslCredentials credentials, CancellationToken cancellationToken)
    {
        if (accounts.Current is not { } known)
        {
            return (AuthVerdict.AccountsUnusable, string.Empty);
        }

        if (!CredentialText.TryReadPassword(credentials.Password.Span, out var password))
        {
            return (AuthVerdict.WrongPassword, string.Empty);
        }

        try
        {
            // The same for all, there or not: hashes of different age may differ in cost.
            var cost = known.Values.Select(one => one.Iterations).DefaultIfEmpty(PasswordHash.DefaultIterations).Max();
            var isThere = known.TryGetValue(attempt.Account, out var hash);
            hash ??= PasswordHash.OfNothing(cost);
            var verdict = await passwords.VerifyAsync(attempt, hash, cost, password, cancellationToken) switch
            {
                null => AuthVerdict.Busy,
                false => isThere ? AuthVerdict.WrongPassword : AuthVerdict.UnknownUser,
                true => MayActAs(credentials.AuthorizationId.Span, attempt.Account) ? AuthVerdict.Accepted : AuthVerdict.ForeignIdentity,
            };
            return (verdict, hash.Id);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    // RFC 4616 §2: nobody acts as somebody else here; naming oneself is as good as naming nobody.
    private static bool MayActAs(ReadOnlySpan<byte> authorizationId, string user) =>
        authorizationId.IsEmpty || (CredentialText.TryReadName(authorizationId, out var name) && name == user);

    private AuthenticationResult End(AuthVerdict verdict, SessionFacts session, SaslCredentials credentials)
    {
        var (reason, result) = verdict switch
        {
            AuthVerdict.UnknownUser => ("unknown-user", AuthenticationResult.Rejected.Instance),
            AuthVerdict.ForeignIdentity => ("foreign-identity", AuthenticationResult.Rejected.Instance),
            AuthVerdict.AccountsUnusable => ("accounts-unusable", AuthenticationResult.Unavailable.Instance),
            AuthVerdict.Busy => ("busy", AuthenticationResult.Unavailable.Instance),
            AuthVerdict.TooManyFailures => ("too-many-failures", AuthenticationResult.TooManyFailures.Instance),
            _ => ("wrong-password", (AuthenticationResult)AuthenticationResult.Rejected.Instance),
        };
        var shown = Encoding.UTF8.GetString(credentials.UserName.Span);
        limits.Logger.AuthFailed(
            session.Remote.Address, shown.Length > MaxLoggedCharacters ? shown[..MaxLoggedCharacters] : shown, credentials.Mechanism, reason);
        return result;
    }
}
