using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Relay.Configuration;

/// <summary>The networks that may relay without authentication.</summary>
internal sealed class TrustedNetworks
{
    private const int MappedBits = 96;

    private static readonly string[] Loopback = ["127.0.0.0/8", "::1/128"];

    // Neither brackets and a port nor a zone, which the platform passes over.
    private static readonly SearchValues<char> Plain = SearchValues.Create("0123456789abcdefABCDEF:.");

    private readonly IPNetwork[] _networks;

    private TrustedNetworks(IPNetwork[] networks) => _networks = networks;

    /// <summary>
    /// Reads the configured networks; a bare address counts as a network of one, and what is no network trusts nobody.
    /// </summary>
    public static TrustedNetworks From(RelayOptions options)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in options.TrustedNetworks ?? Loopback)
        {
            if (TryParse(text, out var network))
            {
                networks.Add(network);
            }
        }

        return new([.. networks]);
    }

    /// <summary>
    /// Reads <c>192.0.2.0/24</c>, <c>2001:db8::/32</c> or one address. Not what the platform would read into it: <c>10.1</c> as
    /// 10.0.0.1, <c>010.0.0.0/8</c> as 8.0.0.0/8, <c>10.1.2.3/16</c> as 10.1.0.0/16.
    /// </summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(first, out var address) || !IsPlain(address, first))
        {
            return false;
        }

        if (slash < 0)
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        }
        else if (!IPNetwork.TryParse(text, out network) || !network.BaseAddress.Equals(address))
        {
            return false;
        }

        // Clients that come over IPv4 are asked for as such, however a listener shows them.
        if (address.IsIPv4MappedToIPv6 && network.PrefixLength >= MappedBits)
        {
            network = new IPNetwork(address.MapToIPv4(), network.PrefixLength - MappedBits);
        }

        return true;
    }

    /// <summary>Whether the address is in one of them; IPv4 inside IPv6 counts as IPv4.</summary>
    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in _networks)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPlain(IPAddress address, string text) => address.AddressFamily == AddressFamily.InterNetwork
        ? address.ToString() == text
        : !text.AsSpan().ContainsAnyExcept(Plain);
}
