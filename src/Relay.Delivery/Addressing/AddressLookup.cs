using System.Net;
using System.Net.Sockets;
using Relay.Dns;

namespace Relay.Delivery.Addressing;

/// <summary>Finds the addresses of an MX host, in the order of trial.</summary>
internal sealed class AddressLookup(IDnsResolver resolver, TargetFilter filter)
{
    /// <summary>RFC 5321 §5.1: a cap on the addresses tried is allowed, of two at least.</summary>
    public const int MaxAddresses = 10;

    public async ValueTask<AddressLookupResult> FindAsync(MxHost host, CancellationToken cancellationToken)
    {
        if (host.LiteralAddress is { } literal)
        {
            return Filter(host, [literal], null);
        }

        // RFC 5321 §5.2: both families are asked for; a missing one is no error.
        var aaaa = resolver.QueryAsync(host.Name, DnsRecordType.Aaaa, cancellationToken).AsTask();
        var a = resolver.QueryAsync(host.Name, DnsRecordType.A, cancellationToken).AsTask();
        await Task.WhenAll(aaaa, a);
        var (ipv6, ipv4) = (await aaaa, await a);
        var addresses = Interleave(ipv6.Records, ipv4.Records);
        if (addresses.Count > 0)
        {
            return Filter(host, addresses, (ipv4, ipv6));
        }

        var failed = ipv4.IsTransient ? ipv4 : ipv6;
        return failed.IsTransient
            ? new(new DeliveryFailure(
                FailureReason.DnsFailure, new(4, 4, 3), $"address lookup for {host} failed: {failed.Detail}"))
            : new(new DeliveryFailure(FailureReason.NoAddress, new(5, 4, 4), $"{host} has no address") { SaidByDns = Weaker(ipv4, ipv6) });
    }

    // What rests on both answers is as old as the older of them, and as forgeable as the one that is not signed.
    private static DnsAnswer Weaker(DnsAnswer one, DnsAnswer other) =>
        one with
        {
            ReceivedAt = one.ReceivedAt < other.ReceivedAt ? one.ReceivedAt : other.ReceivedAt,
            IsAuthenticated = one.IsAuthenticated && other.IsAuthenticated,
        };

    private AddressLookupResult Filter(MxHost host, List<IPAddress> addresses, (DnsAnswer One, DnsAnswer Other)? said)
    {
        var removed = addresses.RemoveAll(address => filter.IsForbidden(address, host.Port));
        if (addresses.Count == 0)
        {
            return new(new DeliveryFailure(
                FailureReason.TargetRefused, new(5, 4, 6), $"{host} leads to this machine or to no host ({removed} addresses)")
            {
                SaidByDns = said is var (one, other) ? Weaker(one, other) : null,
            });
        }

        var first = addresses[0];
        addresses.RemoveAll(address => filter.IsPrivate(address, host));
        return addresses.Count > 0 ? new(addresses) : new(Inside(host, first));
    }

    // RFC 1918 §3: packets to such an address do not leave the network. A zone that names one is wrong, or means other machines than its
    // owner's; or the operator's own resolver tells of hosts inside, and mail waits until the operator has said that it may go there.
    private static DeliveryFailure Inside(MxHost host, IPAddress address) => new(
        FailureReason.TargetRefused,
        new(host.LiteralAddress is null ? 4 : 5, 4, 4),
        $"{host} is at {address}, which is no public address of another machine ({(host.MustBePublic ? "TlsRpt" : "Delivery")}:AllowPrivateHosts, or a route with a next hop)");

    // RFC 5321 §5.1: the order presented is kept within a family. The families take turns, so that one that leads
    // nowhere costs one try and not all of them (RFC 8305 §4).
    private static List<IPAddress> Interleave(IReadOnlyList<DnsRecord> ipv6, IReadOnlyList<DnsRecord> ipv4)
    {
        var addresses = new List<IPAddress>(ipv6.Count + ipv4.Count);
        for (var i = 0; addresses.Count < MaxAddresses && (i < ipv6.Count || i < ipv4.Count); i++)
        {
            Add(addresses, ipv6, i);
            Add(addresses, ipv4, i);
        }

        return addresses;
    }

    private static void Add(List<IPAddress> addresses, IReadOnlyList<DnsRecord> records, int index)
    {
        if (index < records.Count && records[index] is DnsRecord.Address { Value: var address }
            && (address.AddressFamily == AddressFamily.InterNetwork ? Socket.OSSupportsIPv4 : Socket.OSSupportsIPv6))
        {
            addresses.Add(address);
        }
    }
}
