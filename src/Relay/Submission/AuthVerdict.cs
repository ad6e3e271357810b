namespace Relay.Submission;

/// <summary>What a check of credentials found; the client learns less.</summary>
internal enum AuthVerdict
{
    /// <summary>The password is not the account's, or none that an account can have.</summary>
    WrongPassword = 0,

    /// <summary>There is no such account.</summary>
    UnknownUser,

    /// <summary>The client is who it says, and wants to act as somebody else.</summary>
    ForeignIdentity,

    /// <summary>The accounts file cannot be used.</summary>
    AccountsUnusable,

    /// <summary>Too many others wait for their passwords to be checked.</summary>
    Busy,

    /// <summary>There were too many failures before; nothing was checked.</summary>
    TooManyFailures,

    /// <summary>The client is who it says.</summary>
    Accepted,
}
