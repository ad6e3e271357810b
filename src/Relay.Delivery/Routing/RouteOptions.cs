namespace Relay.Delivery.Routing;

/// <summary>One rule for a destination: where its mail goes, what TLS it demands, or both.</summary>
public sealed class RouteOptions
{
    /// <summary>
    /// The recipients' domain: <c>corp.example</c>, everything below it (<c>*.corp.example</c>), or <c>*</c>.
    /// </summary>
    public string Domain { get; init; } = string.Empty;

    /// <summary>
    /// The host that takes the mail, looked up by address only, or an address; null for the domain's MX hosts.
    /// </summary>
    public string? NextHop { get; init; }

    /// <summary>The next hop's port; null for <c>Delivery:Port</c>.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// The account that the next hop knows us by, for AUTH PLAIN; needs a next hop with a name and a password. TLS with a
    /// certificate for that name is then demanded, whatever <see cref="Tls"/> says.
    /// </summary>
    public string? Login { get; init; }

    /// <summary>The file with its password on the first line, of mode 0600; read at every login.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>What TLS the destination must give (RFC 3207 §6).</summary>
    public TlsRequirement Tls { get; init; }
}
