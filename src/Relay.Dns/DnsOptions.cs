namespace Relay.Dns;

/// <summary>How names are looked up.</summary>
public sealed class DnsOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Dns";

    /// <summary>
    /// Recursive servers in order of preference, each <c>address</c> or <c>address:port</c>
    /// (<c>[2001:db8::53]:5353</c>). Empty: those of /etc/resolv.conf, read again whenever that file changes.
    /// </summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>
    /// Those of the servers that validate DNSSEC and are reached over a path no attacker is on; only their AD bit is
    /// believed (RFC 4035 §4.9.3). Written as in <see cref="Servers"/>; empty: none.
    /// </summary>
    public IReadOnlyList<string> TrustedServers { get; init; } = [];

    /// <summary>
    /// Prefixes by which the network's own NAT64 writes IPv4 addresses (RFC 6052 §2.2), <c>2001:db8:64::/96</c>; what is behind them is judged
    /// by the IPv4 address. The well-known prefix 64:ff9b::/96 needs no entry.
    /// </summary>
    public IReadOnlyList<string> Nat64Prefixes { get; init; } = [];

    /// <summary>How long one server may take for one try, a repetition over TCP included. 0.1 s to 1 min.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many times a server that stays silent is asked. 1 to 10.</summary>
    public int Attempts { get; init; } = 2;

    /// <summary>
    /// How much the cache holds: records, where an absence counts as one and long data as one more per 256 octets.
    /// 0 turns it off; up to 10 million.
    /// </summary>
    public int CacheSize { get; init; } = 50_000;
}
