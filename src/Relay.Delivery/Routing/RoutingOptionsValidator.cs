using System.Net;
using Microsoft.Extensions.Options;

namespace Relay.Delivery.Routing;

internal sealed class RoutingOptionsValidator : IValidateOptions<RoutingOptions>
{
    public ValidateOptionsResult Validate(string? name, RoutingOptions options)
    {
        var faults = new List<string>();
        for (var i = 0; i < options.Routes.Count; i++)
        {
            Check(faults, $"Relay:Routes:{i}", options.Routes[i]);
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Check(List<string> faults, string key, RouteOptions route)
    {
        if (!FixedRoute.TryRead(route, 25, out _))
        {
            if (!FixedRoute.TryReadPattern(route.Domain, out _, out _))
            {
                faults.Add(
                    $"{key}:Domain: \"{route.Domain}\" is not a domain; write corp.example, *.corp.example or *");
            }
            else
            {
                faults.Add($"{key}:NextHop: \"{route.NextHop}\" is not a host; write mail.corp.example or [192.0.2.1]");
            }
        }

        if (route.Port is < 1 or > IPEndPoint.MaxPort)
        {
            faults.Add($"{key}:Port: {route.Port} is out of range; write 1 to {IPEndPoint.MaxPort}");
        }

        if (!Enum.IsDefined(route.Tls))
        {
            faults.Add($"{key}:Tls: {route.Tls} is not a demand; write Opportunistic, Encrypted or VerifiedPkix");
        }

        CheckLogin(faults, key, route);
        if (route.NextHop is null && route.Port is not null)
        {
            faults.Add($"{key}:Port: {route.Port} has no next hop; add {key}:NextHop, or set Delivery:Port");
        }

        if (route.NextHop is null && route.Tls == TlsRequirement.Opportunistic)
        {
            faults.Add($"{key}: the route for \"{route.Domain}\" does nothing; add NextHop or Tls, or take it out");
        }
    }

    private static void CheckLogin(List<string> faults, string key, RouteOptions route)
    {
        if (route.Login is null && route.PasswordFile is null)
        {
            return;
        }

        if (string.IsNullOrEmpty(route.Login) || string.IsNullOrEmpty(route.PasswordFile))
        {
            var missing = string.IsNullOrEmpty(route.Login) ? nameof(route.Login) : nameof(route.PasswordFile);
            faults.Add($"{key}:{missing}: it is not set; authentication needs both Login and PasswordFile");
        }
        else if (!FixedRoute.TryRead(route, 25, out var read) || read.NextHopName is null)
        {
            // RFC 7817 §3: the certificate is checked against the name that the operator wrote, so there has to be one.
            faults.Add($"{key}:Login: it needs a next hop with a name, which its certificate must bear; set {key}:NextHop to one");
        }
        else if (!new RouteLogin(route.Login, route.PasswordFile).TryMakePlain(out var message, out var reason))
        {
            faults.Add($"{key}:PasswordFile: \"{route.PasswordFile}\" cannot be used: {reason}");
        }
        else
        {
            Array.Clear(message);
        }
    }
}
