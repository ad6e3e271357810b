using System.Net.Security;

namespace Relay.Smtp.Server;

/// <summary>How a server session behaves; one object serves all sessions of a listener.</summary>
public sealed record SmtpServerOptions
{
    /// <summary>Our fully qualified name, in the greeting and the EHLO reply (RFC 5321 §4.2).</summary>
    public required string HostName { get; init; }

    /// <summary>Largest message in octets, positive; announced by SIZE (RFC 1870 §4).</summary>
    public long MaxMessageBytes { get; init; } = 50L * 1024 * 1024;

    /// <summary>Recipients of one transaction; at least 100 (RFC 5321 §4.5.3.1.8).</summary>
    public int MaxRecipients { get; init; } = 1000;

    /// <summary>Gives the certificate of the next handshake, or null while there is none; no function: STARTTLS is not
    /// offered. One context should serve many handshakes, for it holds what resumption needs.</summary>
    public Func<SslStreamCertificateContext?>? Certificate { get; init; }

    /// <summary>TLS begins with the connection (RFC 8314 §3.3); needs <see cref="Certificate"/>.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>Commands in clear get 530 until STARTTLS (RFC 3207 §4); not for a public MX.</summary>
    public bool RequireTls { get; init; }

    /// <summary>How long a client may take for one command line (RFC 5321 §4.5.3.2.7: at least 5 minutes).</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a client may pause within a message, and we wait for it to take a reply (RFC 5321 §4.5.3.2.5).
    /// </summary>
    public TimeSpan BlockTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long the TLS handshake may take; no RFC names a time.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Commands a client may have refused for good between two messages before it gets 421; recipients whose address
    /// is at fault are not counted.</summary>
    public int MaxErrors { get; init; } = 20;

    /// <summary>Commands between two messages, recipients that were taken not counted; the next gets 421.</summary>
    public int MaxCommands { get; init; } = 1000;

    /// <summary>How long a session may go on without a message; the next command gets 421.</summary>
    public TimeSpan MaxTimeWithoutMessage { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a message may take however small it is; in any longer stretch its octets must come at
    /// <see cref="MinOctetsPerSecond"/>.</summary>
    public TimeSpan ContentGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The least rate of a message, positive; far below any modem's.</summary>
    public int MinOctetsPerSecond { get; init; } = 500;

    /// <summary>How long a message may take however steadily it comes: 50 MiB at 120 kbit/s.</summary>
    public TimeSpan MaxContentTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Failed authentications of a session; the last of them gets 421.</summary>
    public int MaxAuthenticationFailures { get; init; } = 5;
}
