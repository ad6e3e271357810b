namespace Relay.Smtp.Grammar;

/// <summary>The NOTIFY parameter of RCPT (RFC 3461 §4.1).</summary>
[Flags]
public enum DsnNotify
{
    /// <summary>No parameter was given: failures, and delays if we like.</summary>
    None = 0,

    /// <summary>NEVER; stands alone.</summary>
    Never = 1,

    /// <summary>SUCCESS.</summary>
    Success = 2,

    /// <summary>FAILURE.</summary>
    Failure = 4,

    /// <summary>DELAY.</summary>
    Delay = 8,
}
