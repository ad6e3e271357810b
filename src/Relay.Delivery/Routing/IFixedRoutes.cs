using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Knows the domains whose mail goes where the operator has said, and not where their MX records say.</summary>
public interface IFixedRoutes
{
    /// <summary>
    /// A route of the domain's own names a next hop. The route <c>*</c> does not count: behind that next hop is the Internet.
    /// </summary>
    /// <param name="domain">The recipients' domain.</param>
    /// <param name="nextHop">The next hop's name, under which reports know the domain; null when it is an address, or there is none.</param>
    bool HasRoute(DomainName domain, out DomainName? nextHop);
}
