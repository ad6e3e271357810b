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

    /// <summary>All steps before the content together: once for opening a session, TLS and all, and once for each
    /// transaction. RFC 5321 §4.5.3.2, departure: the limits there are for each step, and a server that answers a hundred recipients just
    /// before each ends would hold us for a working day. No step is cut short by it: beyond it none is begun.</summary>
    public TimeSpan Envelope { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long the server may take over content however small it is; beyond it octets must have gone at
    /// <see cref="MinOctetsPerSecond"/> (RFC 5321 §4.5.3.2.5, departure: as above).</summary>
    public TimeSpan ContentGrace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The least rate of content over its whole time, positive; far below any modem's.</summary>
    public int MinOctetsPerSecond { get; init; } = 500;

    /// <summary>The reply to QUIT, which changes nothing any more.</summary>
    public TimeSpan Quit { get; init; } = TimeSpan.FromSeconds(5);
}
