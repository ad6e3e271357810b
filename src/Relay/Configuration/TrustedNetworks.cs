using System.Net;

namespace Relay.Configuration;

/// <summary>The networks that may relay without authentication.</summary>
internal sealed class TrustedNetworks
{
    private static readonly string[] Loopback = ["127.0.0.0/8", "::1/128"];

    private readonly IPNetwork[] _networks;

    private TrustedNetworks(IPNetwork[] networks) => _networks = networks;

    /// <summary>Reads the configured networks; a bare address counts as a network of one.</summary>
    public static TrustedNetworks From(RelayOptions options) =>
        new([.. (options.TrustedNetworks ?? Loopback).Select(text => TryParse(text, out var network) ? network : default)]);

    /// <summary>Reads <c>192.0.2.0/24</c>, <c>2001:db8::/32</c> or one address.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        return IPNetwork.TryParse(text, out network);
    }

    /// <summary>Whether the address is in one of them; IPv4 inside IPv6 counts as IPv4.</summary>
    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in _networks)
        {
            // The default network has prefix length 0; one that could not be read must not trust the world.
            if (network != default && network.Contains(plain))
            {
                return true;
            }
        }

        return false;
    }
}
