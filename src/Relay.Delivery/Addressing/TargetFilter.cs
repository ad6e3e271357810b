using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Relay.Dns;

namespace Relay.Delivery.Addressing;

/// <summary>
/// Keeps mail from going to this machine, to the machines beside it or to no host at all, whatever a remote party's zone says (RFC 5321 §5.1:
/// a relay must not hand a message back to itself).
/// </summary>
internal sealed class TargetFilter
{
    private readonly bool _allowLoopback;
    private readonly bool _allowPrivate;
    private readonly AddressScope _scope;
    private readonly HashSet<IPEndPoint> _listeners = [];
    private readonly HashSet<int> _portsOfEveryAddress = [];

    public TargetFilter(IOptions<DeliveryOptions> options, DeliveryIdentity identity, AddressScope scope)
    {
        _scope = scope;
        _allowLoopback = options.Value.AllowLoopback;
        _allowPrivate = options.Value.AllowPrivateHosts;
        foreach (var listener in identity.Listeners)
        {
            if (listener.Address.Equals(IPAddress.Any) || listener.Address.Equals(IPAddress.IPv6Any))
            {
                _portsOfEveryAddress.Add(listener.Port);
            }
            else
            {
                _listeners.Add(listener);
            }
        }
    }

    /// <summary>The address is this machine's or no host's.</summary>
    public bool IsForbidden(IPAddress address, int port)
    {
        var target = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (target.Equals(IPAddress.Any) || target.Equals(IPAddress.IPv6Any) || IsMulticast(target))
        {
            return true;
        }

        // 0.0.0.0/8 is this host on this network (RFC 1122 §3.2.1.3); Linux delivers it locally.
        return !_allowLoopback && (IPAddress.IsLoopback(target) || IsThisNetwork(target)
            || (_listeners.Count > 0 && _listeners.Contains(new IPEndPoint(target, port)))
            || (_portsOfEveryAddress.Contains(port) && _scope.IsThisMachine(target)));
    }

    /// <summary>The address is inside somebody's network or this machine's, where only the operator may point.</summary>
    public bool IsPrivate(IPAddress address, MxHost host) =>
        !host.IsNextHop && !_scope.IsPublic(address)
        && (host.MustBePublic || !(_allowPrivate || (_allowLoopback && (IPAddress.IsLoopback(address) || _scope.IsThisMachine(address)))));

    private static bool IsThisNetwork(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        return address.AddressFamily == AddressFamily.InterNetwork
            && address.TryWriteBytes(octets, out _) && octets[0] == 0;
    }

    private static bool IsMulticast(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        // 224.0.0.0/4, and 240.0.0.0/4 with the broadcast address behind it (RFC 1112 §4).
        return address.AddressFamily == AddressFamily.InterNetwork
            ? address.TryWriteBytes(octets, out _) && octets[0] >= 224
            : address.IsIPv6Multicast;
    }
}
