using System.Net;
using System.Net.Sockets;

namespace Relay.Dns;

/// <summary>A prefix of IPv6 addresses behind which an IPv4 address stands, to which a translator or a tunnel leads.</summary>
internal readonly record struct WrappedAddress
{
    // RFC 6052 §2.2: the octet behind the first 64 bits is none of the IPv4 address.
    private const int Reserved = 8;

    private readonly IPNetwork _prefix;
    private readonly int _offset;

    private WrappedAddress(IPNetwork prefix, int offset) => (_prefix, _offset) = (prefix, offset);

    /// <summary>
    /// Those that need no setting: IPv4-compatible (RFC 4291 §2.5.5.1), IPv4-translated (RFC 2765 §2.1), NAT64 (RFC 6052 §2.1), 6to4 (RFC
    /// 3056 §2). IPv4-mapped ones are IPv4 to the system itself.
    /// </summary>
    public static IReadOnlyList<WrappedAddress> WellKnown { get; } =
    [
        new(IPNetwork.Parse("::/96"), 12), new(IPNetwork.Parse("::ffff:0:0:0/96"), 12), new(IPNetwork.Parse("64:ff9b::/96"), 12),
        new(IPNetwork.Parse("2002::/16"), 2),
    ];

    /// <summary>Reads a network-specific NAT64 prefix; RFC 6052 §2.2: its length is one of six.</summary>
    public static bool TryRead(string text, out WrappedAddress prefix)
    {
        prefix = default;
        if (!IPNetwork.TryParse(text, out var network) || network.BaseAddress.AddressFamily != AddressFamily.InterNetworkV6
            || network.PrefixLength is not (32 or 40 or 48 or 56 or 64 or 96))
        {
            return false;
        }

        prefix = new(network, network.PrefixLength / 8);
        return true;
    }

    /// <summary>The IPv4 address inside.</summary>
    public bool TryUnwrap(IPAddress address, out IPAddress inner)
    {
        inner = IPAddress.None;
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || !_prefix.Contains(address))
        {
            return false;
        }

        var octets = address.GetAddressBytes();
        Span<byte> found = stackalloc byte[4];
        var from = _offset;
        foreach (ref var octet in found)
        {
            from += from == Reserved ? 1 : 0;
            octet = octets[from++];
        }

        inner = new IPAddress(found);
        return true;
    }
}
