namespace Relay.Smtp.Grammar;

/// <summary>The BODY parameter of MAIL (RFC 6152 §2).</summary>
public enum BodyType
{
    /// <summary>No parameter was given.</summary>
    Unspecified = 0,

    /// <summary>7BIT.</summary>
    SevenBit,

    /// <summary>8BITMIME.</summary>
    EightBitMime,
}
