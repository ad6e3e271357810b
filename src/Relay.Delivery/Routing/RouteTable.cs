using Microsoft.Extensions.Options;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>The fixed routes, found by domain in as many steps as the domain has labels.</summary>
internal sealed class RouteTable : IFixedRoutes
{
    private readonly Dictionary<string, FixedRoute> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FixedRoute> _suffixes = new(StringComparer.Ordinal);
    private readonly bool _allowsLiterals;

    public RouteTable(IOptions<RoutingOptions> routing, IOptions<DeliveryOptions> delivery)
    {
        _allowsLiterals = routing.Value.AllowAddressLiterals;
        foreach (var options in routing.Value.Routes)
        {
            if (FixedRoute.TryRead(options, delivery.Value.Port, out var route))
            {
                (route.IsSuffix ? _suffixes : _exact).TryAdd(route.Domain.Value, route);
            }
        }
    }

    /// <summary>The route <c>*</c>, which holds for address literals too: it says "everything". Null when there is none.</summary>
    public FixedRoute? OfEverything => _suffixes.GetValueOrDefault(DomainName.Root.Value);

    /// <summary>Why an address literal cannot be a destination; null when it can.</summary>
    public DeliveryFailure? RefusalOfLiteral(MailDomain literal)
    {
        // RFC 5321 §4.1.3, departure: a literal goes round DNS and every policy of a domain, so that few want it, and those who do say so.
        // With a certificate demanded it is in vain: there is no name that one could bear (RFC 9525 §6.2).
        var reason = OfEverything is { HasNextHop: true } ? null
            : !_allowsLiterals ? "mail to an address in the place of a domain is not taken here"
            : OfEverything is { Tls: TlsRequirement.VerifiedPkix } ? "it has no name that a certificate could prove"
            : null;
        return reason is null ? null : new(FailureReason.BadDomain, new(5, 1, 2), $"{literal}: {reason}");
    }

    /// <inheritdoc/>
    public bool HasRoute(DomainName domain, out DomainName? nextHop)
    {
        var route = Find(domain);
        nextHop = route?.NextHopName;
        return route is { HasNextHop: true, Domain.IsRoot: false };
    }

    /// <summary>The most specific route for a domain; null when none fits.</summary>
    public FixedRoute? Find(DomainName domain)
    {
        if (_exact.TryGetValue(domain.Value, out var route) || _suffixes.Count == 0)
        {
            return route;
        }

        var parents = _suffixes.GetAlternateLookup<ReadOnlySpan<char>>();
        var rest = domain.Value.AsSpan();
        while (!rest.IsEmpty)
        {
            var dot = rest.IndexOf('.');
            rest = dot < 0 ? [] : rest[(dot + 1)..];
            if (parents.TryGetValue(rest, out route))
            {
                return route;
            }
        }

        return null;
    }
}
