using Relay.Dns;
using Relay.Mail;

namespace Relay.Https;

/// <summary>Finds the addresses of a web host through the relay's own resolver.</summary>
public sealed class WebHostResolver(IDnsResolver resolver, AddressScope scope)
{
    // Enough for any honest host; a hostile one does not get the relay to knock at a hundred doors.
    private const int MaxPerFamily = 4;

    /// <summary>Looks a host up.</summary>
    /// <param name="host">Its name.</param>
    /// <param name="allowsPrivate">Addresses inside somebody's network will do.</param>
    /// <param name="cancellationToken">Ends the lookup.</param>
    public async ValueTask<HostAddresses> ResolveAsync(DomainName host, bool allowsPrivate, CancellationToken cancellationToken)
    {
        var askingSix = resolver.QueryAsync(host, DnsRecordType.Aaaa, cancellationToken).AsTask();
        var four = await resolver.QueryAsync(host, DnsRecordType.A, cancellationToken);
        var six = await askingSix;
        var all = Interleave(six, four);
        if (all.Count == 0)
        {
            return four.IsTransient || six.IsTransient
                ? new HostAddresses.None("temporary-dns-failure", $"{host}: {(four.IsTransient ? four : six).Detail}")
                : new HostAddresses.None("not-found", $"{host} has no address");
        }

        // RFC 8461 §3.3, RFC 8460 §7, in our words: a web server of the public Internet, unless the operator says else.
        var allowed = allowsPrivate ? all : all.FindAll(scope.IsPublic);
        return allowed.Count > 0
            ? new HostAddresses.Found(allowed)
            : new HostAddresses.None(HostAddresses.None.PrivateAddress, $"{host} is at {all[0]}, which is no public address of another machine");
    }

    // RFC 8305 §4: IPv6 first, families in turn.
    private static List<System.Net.IPAddress> Interleave(DnsAnswer six, DnsAnswer four)
    {
        var addresses = new List<System.Net.IPAddress>();
        for (var index = 0; index < MaxPerFamily; index++)
        {
            foreach (var answer in (ReadOnlySpan<DnsAnswer>)[six, four])
            {
                if (index < answer.Records.Count && answer.Records[index] is DnsRecord.Address address)
                {
                    addresses.Add(address.Value);
                }
            }
        }

        return addresses;
    }
}
