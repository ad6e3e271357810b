using System.Net;
using System.Net.Sockets;

namespace Relay.Dns;

/// <summary>
/// Tells addresses of the public Internet from those inside somebody's network. The owner of a domain chooses where its
/// MX hosts, its policy host and its report endpoints are, and must not make the relay connect to the operator's own machines.
/// </summary>
public static class AddressScope
{
    // RFC 6890 §2.2.2, RFC 6598 §7, RFC 5771 §3, RFC 1112 §4.
    private static readonly IPNetwork[] Inner4 =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("224.0.0.0/3"),
    ];

    // RFC 4291 §2.4, RFC 4193 §3.1, RFC 3879 §4.
    private static readonly IPNetwork[] Inner6 =
    [
        IPNetwork.Parse("::/128"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fec0::/10"), IPNetwork.Parse("ff00::/8"),
    ];

    // RFC 6052 §2.1, RFC 3056 §2: IPv4 inside IPv6, and where in the address.
    private static readonly (IPNetwork Network, int Offset)[] Wrapped =
    [
        (IPNetwork.Parse("::/96"), 12), (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("2002::/16"), 2),
    ];

    /// <summary>The address is one of the public Internet, also when it wraps an IPv4 address.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return !Array.Exists(Inner4, network => network.Contains(address));
        }

        // RFC 4291 §2.5.5.2: the system connects to the IPv4 address inside.
        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        if (Array.Exists(Inner6, network => network.Contains(address)))
        {
            return false;
        }

        foreach (var (network, offset) in Wrapped)
        {
            if (network.Contains(address))
            {
                return IsPublic(new IPAddress(address.GetAddressBytes().AsSpan(offset, 4)));
            }
        }

        return true;
    }
}
