using Microsoft.Extensions.Options;
using Relay.Dns;
using Relay.MtaSts.Evidence;

namespace Relay.MtaSts.Discovery;

/// <summary>Finds the addresses of a policy host through the relay's own resolver.</summary>
internal sealed class PolicyHostResolver(IDnsResolver resolver, IOptions<MtaStsOptions> options)
{
    // Enough for any honest host; a hostile one does not get the relay to knock at a hundred doors.
    private const int MaxPerFamily = 4;

    private readonly bool _allowsPrivate = options.Value.AllowPrivateHosts;

    public async ValueTask<HostAddresses> ResolveAsync(DomainName host, CancellationToken cancellationToken)
    {
        var askingSix = resolver.QueryAsync(host, DnsRecordType.Aaaa, cancellationToken).AsTask();
        var four = await resolver.QueryAsync(host, DnsRecordType.A, cancellationToken);
        var six = await askingSix;
        var all = Interleave(six, four);
        if (all.Count == 0)
        {
            return new HostAddresses.None(four.IsTransient || six.IsTransient
                ? Failure("policy-host-temporary-dns-failure", $"{host}: {(four.IsTransient ? four : six).Detail}")
                : Failure("policy-host-not-found", $"{host} has no address"));
        }

        // RFC 8461 §3.3, in our words: the policy host is a web server of the public Internet unless the operator says
        // else.
        var allowed = _allowsPrivate ? all : all.FindAll(AddressScope.IsPublic);
        return allowed.Count > 0
            ? new HostAddresses.Found(allowed)
            : new HostAddresses.None(Failure(
                "policy-host-private-address", $"{host} is at {all[0]}, which is no public address (MtaSts:AllowPrivateHosts)"));
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

    private static PolicyFailure Failure(string reason, string detail) =>
        new(TlsResultType.StsPolicyFetchError, reason, detail);
}
