using System.Text;
using Relay.Smtp.Server;
using Relay.Smtp.Server.Authentication;

namespace Relay.Smtp.Tests.Server.Authentication;

/// <summary>Knows one user, ann with the password secret, and remembers what it was asked.</summary>
internal sealed class ScriptedAuthenticator : IAuthenticator
{
    private readonly List<ReadOnlyMemory<byte>> _passwords = [];

    public bool IsOffered { get; set; } = true;

    /// <summary>Stands for ann's password; sessions that authenticated under another are over.</summary>
    public string CredentialId { get; set; } = "1";

    /// <summary>What was asked: mechanism, authorisation identity, user name and password.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Stands in for the check when set.</summary>
    public AuthenticationResult? Result { get; set; }

    /// <summary>No octet of a password is left where it was handed over.</summary>
    public bool PasswordsAreCleared => _passwords.All(password => !password.Span.ContainsAnyExcept((byte)0));

    public ValueTask<AuthenticationResult> AuthenticateAsync(
        SessionFacts session, SaslCredentials credentials, CancellationToken cancellationToken)
    {
        _passwords.Add(credentials.Password);
        var (user, password) = (Text(credentials.UserName), Text(credentials.Password));
        Asked.Add($"{credentials.Mechanism} {Text(credentials.AuthorizationId)}/{user}/{password}");
        return new(Result ?? (user == "ann" && password == "secret"
            ? new AuthenticationResult.Accepted(user, CredentialId)
            : AuthenticationResult.Rejected.Instance));
    }

    public bool StillHolds(SessionFacts session) => session.CredentialId == CredentialId;

    private static string Text(ReadOnlyMemory<byte> octets) => Encoding.UTF8.GetString(octets.Span);
}
