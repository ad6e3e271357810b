using System.Net.NetworkInformation;

namespace Relay.Configuration;

/// <summary>The section <c>Relay</c>, except for its routes, which delivery reads.</summary>
internal sealed class RelayOptions
{
    public const string Section = "Relay";

    /// <summary>
    /// EHLO and Received name; the machine's own by default (RFC 5321 §4.1.1.1 wants it fully qualified).
    /// </summary>
    public string HostName { get; init; } = MachineName();

    /// <summary>Where the databases live; created 0700.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>Where mail is taken; 127.0.0.1:2525 when none is named.</summary>
    public IReadOnlyList<ListenerOptions>? Listeners { get; init; }

    /// <summary>What STARTTLS and implicit TLS show; STARTTLS is not offered without.</summary>
    public CertificateOptions Certificate { get; init; } = new();

    /// <summary>Networks in CIDR form that may relay without authentication; loopback when not set.</summary>
    public IReadOnlyList<string>? TrustedNetworks { get; init; }

    /// <summary>The accounts of those who may relay from anywhere once they have authenticated; <c>accounts</c> in the data
    /// directory when not set. Mode 0600, changed by <c>relay user</c>, read again when it changes.</summary>
    public string? AccountsFile { get; init; }

    /// <summary>The reverse-paths that accounts may use; any when not set (RFC 6409 §6.1).</summary>
    public IReadOnlyList<SenderLoginOptions>? SenderLogins { get; init; }

    /// <summary>Where the accounts are.</summary>
    public string AccountsPath => AccountsFile ?? Path.Combine(DataDirectory, "accounts");

    /// <summary>Where mail to &lt;Postmaster&gt; without a domain goes (RFC 5321 §4.5.1); postmaster at the host name
    /// when not set.</summary>
    public string? Postmaster { get; init; }

    /// <summary>The largest message in octets, at least 64 Ki (RFC 5321 §4.5.3.1.7).</summary>
    public long MaxMessageBytes { get; init; } = 50 * 1024 * 1024;

    /// <summary>Octets on the disk of all messages that arrive from one client at a time, at least those of the largest message.</summary>
    public long MaxSpoolBytesPerClient { get; init; } = 512 * 1024 * 1024;

    /// <summary>Recipients of one message, at least 100 (RFC 5321 §4.5.3.1.8).</summary>
    public int MaxRecipients { get; init; } = 1000;

    /// <summary>Connections at one time.</summary>
    public int MaxConnections { get; init; } = 5000;

    /// <summary>Connections at one time from one address.</summary>
    public int MaxConnectionsPerAddress { get; init; } = 100;

    /// <summary>Connections at one time from one network: an IPv4 /24 or an IPv6 /48.</summary>
    public int MaxConnectionsPerNetwork { get; init; } = 1000;

    /// <summary>Messages that one client may begin in a minute; 0 for no limit, for those who may send are known here, and an
    /// application server hands in thousands at once.</summary>
    public int MaxMessagesPerMinute { get; init; }

    /// <summary>How much one session may take.</summary>
    public SessionOptions Sessions { get; init; } = new();

    private static string MachineName()
    {
        var properties = IPGlobalProperties.GetIPGlobalProperties();
        return properties.HostName.Contains('.', StringComparison.Ordinal) || properties.DomainName is "" or "(none)"
            ? properties.HostName
            : $"{properties.HostName}.{properties.DomainName}";
    }
}
