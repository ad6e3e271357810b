namespace Relay.Smtp.Grammar;

/// <summary>The RET parameter of MAIL: what a failure notification returns (RFC 3461 §4.3).</summary>
public enum DsnReturn
{
    /// <summary>No parameter was given.</summary>
    Unspecified = 0,

    /// <summary>The whole message.</summary>
    Full,

    /// <summary>The header section only.</summary>
    Headers,
}
