namespace Relay.Smtp.Client;

/// <summary>
/// What the current EHLO reply offers; nothing after HELO, and nothing survives STARTTLS (RFC 3207 §4.2).
/// </summary>
public sealed record ServerCapabilities
{
    /// <summary>No extension at all.</summary>
    public static ServerCapabilities None { get; } = new();

    /// <summary>PIPELINING (RFC 2920).</summary>
    public bool Pipelining { get; init; }

    /// <summary>8BITMIME (RFC 6152).</summary>
    public bool EightBitMime { get; init; }

    /// <summary>SMTPUTF8 (RFC 6531).</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>DSN (RFC 3461).</summary>
    public bool Dsn { get; init; }

    /// <summary>STARTTLS (RFC 3207).</summary>
    public bool StartTls { get; init; }

    /// <summary>CHUNKING (RFC 3030).</summary>
    public bool Chunking { get; init; }

    /// <summary>ENHANCEDSTATUSCODES (RFC 2034).</summary>
    public bool EnhancedStatusCodes { get; init; }

    /// <summary>SIZE was offered (RFC 1870).</summary>
    public bool Size { get; init; }

    /// <summary>AUTH with the mechanism PLAIN (RFC 4954 §4, RFC 4616).</summary>
    public bool AuthPlain { get; init; }

    /// <summary>We have authenticated, so that MAIL says AUTH (RFC 4954 §5).</summary>
    public bool IsAuthenticated { get; init; }

    /// <summary>The largest message taken, in octets; null when no limit was named (RFC 1870 §4).</summary>
    public long? MaxSize { get; init; }
}
