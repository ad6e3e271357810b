using System.Net;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>A route from the configuration, read.</summary>
/// <param name="Domain">The domain it is for; the root with <paramref name="IsSuffix"/> is every domain.</param>
/// <param name="IsSuffix">It is for everything below the domain, and not for the domain itself.</param>
/// <param name="Tls">What the destination must give.</param>
internal sealed record FixedRoute(DomainName Domain, bool IsSuffix, TlsRequirement Tls)
{
    /// <summary>The next hop's name; null when there is none or it is an address.</summary>
    public DomainName? NextHopName { get; private init; }

    /// <summary>The next hop's address; null when there is none or it has a name.</summary>
    public IPAddress? NextHopAddress { get; private init; }

    /// <summary>It says where mail goes; without that only what the destination must give.</summary>
    public bool HasNextHop => NextHopName is not null || NextHopAddress is not null;

    public int Port { get; private init; }

    /// <summary>The account to authenticate with; null for none.</summary>
    public RouteLogin? Login { get; private init; }

    public static bool TryRead(RouteOptions options, int defaultPort, out FixedRoute route)
    {
        route = new FixedRoute(DomainName.Root, IsSuffix: false, options.Tls);
        if (!TryReadPattern(options.Domain, out var domain, out var isSuffix))
        {
            return false;
        }

        // RFC 4954 §14, RFC 7817 §3: a password goes to nobody but the host that the operator named.
        var tls = options.Login is null ? options.Tls : TlsRequirement.VerifiedPkix;
        route = new FixedRoute(domain, isSuffix, tls)
        {
            Port = options.Port ?? defaultPort,
            Login = options.Login is { } login && options.PasswordFile is { } file ? new RouteLogin(login, file) : null,
        };
        if (options.NextHop is null)
        {
            return true;
        }

        if (AddressLiteral.TryParse(options.NextHop, out var address)
            || IPAddress.TryParse(options.NextHop, out address))
        {
            route = route with { NextHopAddress = address };
            return true;
        }

        if (DomainName.TryParse(options.NextHop, out var name) && HostNames.IsUsable(name))
        {
            route = route with { NextHopName = name };
            return true;
        }

        return false;
    }

    public static bool TryReadPattern(string pattern, out DomainName domain, out bool isSuffix)
    {
        isSuffix = pattern == "*" || pattern.StartsWith("*.", StringComparison.Ordinal);
        if (pattern == "*")
        {
            domain = DomainName.Root;
            return true;
        }

        return DomainName.TryParse(isSuffix ? pattern[2..] : pattern, out domain) && !domain.IsRoot;
    }
}
