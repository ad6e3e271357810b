using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Reads it off the cache of DNS answers that deliveries fill.</summary>
internal sealed class KnownNullMx(IDnsCache cache, RouteTable routes) : IKnownNullMx
{
    public bool Contains(DomainName domain) =>
        cache.TryPeek(domain, DnsRecordType.Mx, out var answer)
        && MxSelection.IsNullMx(answer.Records)
        && routes.Find(domain) is null or { NextHopName: null, NextHopAddress: null };
}
