using Relay.Smtp.Client;

namespace Relay.Delivery;

/// <summary>How mail goes out.</summary>
public sealed class DeliveryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Delivery";

    /// <summary>
    /// The port of MX hosts; MX records carry none (RFC 5321 §2.3.5, §4.5.4.2). Other than 25 in labs only.
    /// </summary>
    public int Port { get; init; } = 25;

    /// <summary>How long one TCP connection may take to open; 1 second to 5 minutes.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts that run at once, and idle connections kept at most.</summary>
    public int MaxConcurrency { get; init; } = 500;

    /// <summary>Attempts that run at once to hosts shared by the same set of domains, and idle connections kept to one
    /// address.</summary>
    public int MaxPerSite { get; init; } = 20;

    /// <summary>Source addresses; those of the target's family are used in turn. Empty: the system chooses.</summary>
    public IReadOnlyList<string> BindAddresses { get; init; } = [];

    /// <summary>PEM file of root certificates that replace the system's; null for the system's.</summary>
    public string? TrustedRootsFile { get; init; }

    /// <summary>TLS 1.0 and 1.1 are tried before clear text with hosts of which nothing is demanded (RFC 8996 §4, §5: off).</summary>
    public bool AllowTls10 { get; init; }

    /// <summary>Loopback and own addresses may be delivered to; for labs.</summary>
    public bool AllowLoopback { get; init; }

    /// <summary>
    /// MX hosts and address literals may be inside the operator's network, at private and link-local addresses, and at this machine's own.
    /// Next hops of routes may be there anyway.
    /// </summary>
    public bool AllowPrivateHosts { get; init; }

    /// <summary>The limit of each SMTP step (RFC 5321 §4.5.3.2).</summary>
    public SmtpTimeouts Timeouts { get; init; } = new();
}
