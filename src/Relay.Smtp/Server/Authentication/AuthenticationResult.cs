namespace Relay.Smtp.Server.Authentication;

/// <summary>What a check of credentials came to.</summary>
public abstract record AuthenticationResult
{
    private AuthenticationResult()
    {
    }

    /// <summary>The client is this user.</summary>
    /// <param name="User">Its name.</param>
    /// <param name="CredentialId">Stands for what it proved itself by; another password has another.</param>
    public sealed record Accepted(string User, string CredentialId) : AuthenticationResult;

    /// <summary>It is not; whether the name or the password was wrong is nobody's business.</summary>
    public sealed record Rejected : AuthenticationResult
    {
        /// <summary>The only one.</summary>
        public static Rejected Instance { get; } = new();
    }

    /// <summary>It cannot be told now.</summary>
    public sealed record Unavailable : AuthenticationResult
    {
        /// <summary>The only one.</summary>
        public static Unavailable Instance { get; } = new();
    }

    /// <summary>There were so many failures that nothing more is checked for this client now; the session ends.</summary>
    public sealed record TooManyFailures : AuthenticationResult
    {
        /// <summary>The only one.</summary>
        public static TooManyFailures Instance { get; } = new();
    }
}
