using System.Net;
using System.Net.Sockets;

namespace Relay.Dns;

/// <summary>
/// The registries of special-purpose addresses that IANA keeps (RFC 6890; iana-ipv4-special-registry, iana-ipv6-special-registry),
/// and what stands beside them.
/// </summary>
internal static class SpecialAddresses
{
    // What the registries call globally reachable inside of blocks that are not.
    private static readonly IPNetwork[] Reachable =
    [
        IPNetwork.Parse("192.0.0.9/32"), IPNetwork.Parse("192.0.0.10/32"), IPNetwork.Parse("2001:1::1/128"),
        IPNetwork.Parse("2001:1::2/128"), IPNetwork.Parse("2001:1::3/128"), IPNetwork.Parse("2001:3::/32"),
        IPNetwork.Parse("2001:4:112::/48"), IPNetwork.Parse("2001:20::/28"), IPNetwork.Parse("2001:30::/28"),
    ];

    // Not globally reachable, or of no host; behind the registry's: multicast (RFC 5771 §3) and what is reserved (RFC 1112 §4). The anycast
    // addresses of 6to4 relays are deprecated (RFC 7526 §4).
    private static readonly IPNetwork[] Inner4 =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("192.88.99.0/24"),
        IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/3"),
    ];

    // Likewise; Teredo (2001::/32, in 2001::/23) is a host behind somebody's NAT. Behind the registry's: site-local addresses (RFC 3879 §4)
    // and multicast (RFC 4291 §2.7).
    private static readonly IPNetwork[] Inner6 =
    [
        IPNetwork.Parse("::/128"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("64:ff9b:1::/48"), IPNetwork.Parse("100::/64"),
        IPNetwork.Parse("100:0:0:1::/64"), IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"),
        IPNetwork.Parse("3fff::/20"), IPNetwork.Parse("5f00::/16"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fec0::/10"), IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>The address is not of the public Internet. Says nothing of an IPv4 address that it wraps.</summary>
    public static bool IsInner(IPAddress address) =>
        Array.Exists(address.AddressFamily == AddressFamily.InterNetwork ? Inner4 : Inner6, network => network.Contains(address))
        && !Array.Exists(Reachable, network => network.Contains(address));
}
