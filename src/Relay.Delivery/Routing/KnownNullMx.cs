using Relay.Dns;

namespace Relay.Delivery.Routing;

/// <summary>Reads it off the cache of DNS answers that deliveries fill.</summary>
internal sealed class KnownNullMx(IDnsCache cache, RouteTable routes) : IKnownNullMx
{
    public bool Contains(string domain) =>
        DomainName.TryParse(domain, out var name)
        && cache.TryPeek(name, DnsRecordType.Mx, out var answer)
        && MxSelection.IsNullMx(answer.Records)
        && routes.Find(name) is null or { NextHopName: null, NextHopAddress: null };
}
