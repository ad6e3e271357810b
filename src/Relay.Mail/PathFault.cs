namespace Relay.Mail;

/// <summary>What is wrong with a path (RFC 5321 §4.1.2).</summary>
public enum PathFault
{
    /// <summary>It breaks the grammar.</summary>
    Malformed = 0,

    /// <summary>The path or a part of it is longer than RFC 5321 §4.5.3.1 lets it be.</summary>
    TooLong,
}
