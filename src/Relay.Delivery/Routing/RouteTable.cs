using Microsoft.Extensions.Options;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>The fixed routes, found by domain in as many steps as the domain has labels.</summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, FixedRoute> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FixedRoute> _suffixes = new(StringComparer.Ordinal);

    public RouteTable(IOptions<RoutingOptions> routing, IOptions<DeliveryOptions> delivery)
    {
        foreach (var options in routing.Value.Routes)
        {
            if (FixedRoute.TryRead(options, delivery.Value.Port, out var route))
            {
                (route.IsSuffix ? _suffixes : _exact).TryAdd(route.Domain.Value, route);
            }
        }
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
