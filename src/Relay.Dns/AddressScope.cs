using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Options;

namespace Relay.Dns;

/// <summary>
/// Tells addresses of the public Internet from those inside somebody's network and from this machine's own. The owner of a domain chooses
/// where its MX hosts, its policy host and its report endpoints are, and must not make the relay connect to the operator's own machines.
/// </summary>
public sealed class AddressScope
{
    // Interfaces get and lose addresses (RFC 8981 §3.4: daily); asking for them takes a millisecond.
    private static readonly TimeSpan OwnLifetime = TimeSpan.FromMinutes(1);

    private readonly WrappedAddress[] _wrapped;
    private readonly TimeProvider _time;
    private readonly Func<IEnumerable<IPAddress>> _readOwn;
    private volatile OwnAddresses? _own;

    /// <summary>Takes the prefixes of the options.</summary>
    public AddressScope(IOptions<DnsOptions> options, TimeProvider time)
        : this(options, time, ReadOwn)
    {
    }

    internal AddressScope(IOptions<DnsOptions> options, TimeProvider time, Func<IEnumerable<IPAddress>> readOwn)
    {
        (_time, _readOwn) = (time, readOwn);
        _wrapped =
        [
            .. options.Value.Nat64Prefixes.Select(text => WrappedAddress.TryRead(text, out var prefix) ? prefix : default),
            .. WrappedAddress.WellKnown,
        ];
    }

    /// <summary>The address is one of the public Internet and not this machine's, also when it wraps an IPv4 address.</summary>
    public bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            // RFC 4291 §2.5.5.2: the system connects to the IPv4 address inside.
            return IsPublic(address.MapToIPv4());
        }

        if (IsThisMachine(address))
        {
            return false;
        }

        foreach (var prefix in _wrapped)
        {
            if (prefix.TryUnwrap(address, out var inner))
            {
                return IsPublic(inner);
            }
        }

        return !SpecialAddresses.IsInner(address);
    }

    /// <summary>An interface of this machine has the address.</summary>
    public bool IsThisMachine(IPAddress address)
    {
        var own = _own;
        if (own is null || _time.GetElapsedTime(own.ReadAt) > OwnLifetime)
        {
            _own = own = new OwnAddresses([.. _readOwn()], _time.GetTimestamp());
        }

        return own.Addresses.Contains(address);
    }

    private static IEnumerable<IPAddress> ReadOwn() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address);

    private sealed record OwnAddresses(HashSet<IPAddress> Addresses, long ReadAt);
}
