using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Reads null MX records off the cache of DNS answers that deliveries fill, and literals off the routes.</summary>
internal sealed class DestinationCheck(IDnsCache cache, RouteTable routes) : IDestinationCheck
{
    public DeliveryFailure? RefusalOf(MailDomain destination) =>
        destination.Literal is not null ? routes.RefusalOfLiteral(destination)
        : !destination.Name.IsRoot && IsKnownNullMx(destination.Name) ? MxSelection.NullMx(destination.Name)
        : null;

    private bool IsKnownNullMx(DomainName domain) =>
        cache.TryPeek(domain, DnsRecordType.Mx, out var answer)
        && MxSelection.IsNullMx(answer.Records)
        && routes.Find(domain) is null or { HasNextHop: false };
}
