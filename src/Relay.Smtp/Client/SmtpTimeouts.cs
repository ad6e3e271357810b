namespace Relay.Smtp.Client;

/// <summary>How long each step may take; the defaults are the minima of RFC 5321 §4.5.3.2.</summary>
public sealed record SmtpTimeouts
{
    /// <summary>The greeting (RFC 5321 §4.5.3.2.1).</summary>
    public TimeSpan Greeting { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>EHLO, HELO, STARTTLS, RSET: as MAIL.</summary>
    public TimeSpan Hello { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The TLS handshake; no RFC names one.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>MAIL (RFC 5321 §4.5.3.2.2).</summary>
    public TimeSpan Mail { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>RCPT (RFC 5321 §4.5.3.2.3).</summary>
    public TimeSpan Recipient { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The reply to DATA (RFC 5321 §4.5.3.2.4).</summary>
    public TimeSpan Data { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Each block of content to be written (RFC 5321 §4.5.3.2.5).</summary>
    public TimeSpan Block { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The reply to the final dot; shorter ones make duplicates (RFC 5321 §4.5.3.2.6).</summary>
    public TimeSpan EndOfData { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The reply to QUIT, which changes nothing any more.</summary>
    public TimeSpan Quit { get; init; } = TimeSpan.FromSeconds(5);
}
