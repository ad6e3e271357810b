using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>
/// Fixed routes first, then address literals where they are allowed, then MX (RFC 5321 §5.1). What ends here: a name that is no domain, a
/// domain that does not exist, a null MX, MX hosts that lead nowhere or back to us (all bounced), and DNS that does not
/// answer (deferred). No search list: a name is what the sender wrote (RFC 5321 §5.1).
/// </summary>
internal sealed class Router(
    IDnsResolver resolver,
    RouteTable routes,
    DeliveryIdentity identity,
    IOptions<DeliveryOptions> options,
    ILogger<Router> logger) : IRouter
{
    private readonly int _port = options.Value.Port;
    private readonly DomainName _ownName =
        DomainName.TryParse(identity.HostName, out var name) ? name : DomainName.Root;

    public ValueTask<RouteResult> RouteAsync(MailDomain destination, CancellationToken cancellationToken)
    {
        if (!destination.IsValid)
        {
            return new(BadDomain(destination));
        }

        var route = destination.Literal is null ? routes.Find(destination.Name) : routes.OfEverything;
        if (route is { HasNextHop: true })
        {
            return new(ToNextHop(route));
        }

        var tls = route?.Tls ?? TlsRequirement.Opportunistic;
        return destination.Literal is null ? RouteByMxAsync(destination.Name, tls, cancellationToken) : new(RouteToLiteral(destination, tls));
    }

    private RouteResult RouteToLiteral(MailDomain destination, TlsRequirement tls) =>
        routes.RefusalOfLiteral(destination) is { } refusal
            ? Bounced(null, refusal)
            : Found([new MxHost(destination.Literal!, _port)], policyDomain: null, tls);

    private static RouteResult.Found ToNextHop(FixedRoute route)
    {
        var host = route.NextHopName is { } name
            ? new MxHost(name, 0, route.Port) { Login = route.Login, IsNextHop = true }
            : new MxHost(route.NextHopAddress!, route.Port) { IsNextHop = true };

        // RFC 8461 §3.4: with a next hop of our choosing, the policy is that of the next hop's name.
        return Found([host], route.NextHopName, route.Tls);
    }

    private async ValueTask<RouteResult> RouteByMxAsync(
        DomainName domain, TlsRequirement tls, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryAsync(domain, DnsRecordType.Mx, cancellationToken);
        switch (answer.Status)
        {
            case DnsStatus.Answered:
                var selection = MxSelection.From(domain, answer.Records, _ownName, logger);
                return selection.Failure is { } failure
                    ? Bounced(domain, failure with { SaidByDns = answer })
                    : Found([.. selection.Records.Select(ToHost)], domain, tls);
            case DnsStatus.NoData:
                // RFC 5321 §5.1: no MX at all makes the domain its own MX host with preference 0. It keeps the name the
                // sender wrote, also behind an alias: that name is the one to verify (RFC 9525 §6.2).
                return domain == _ownName
                    ? Bounced(domain, new(FailureReason.MailLoop, new(5, 4, 6), $"mail for {domain} loops back: that is this relay") { SaidByDns = answer })
                    : Found([new MxHost(domain, 0, _port)], domain, tls);
            case DnsStatus.NameError:
                // RFC 5321 §5.1: a domain that does not exist is an error to report.
                return Bounced(domain, new(FailureReason.NoSuchDomain, new(5, 1, 2), $"the domain {domain} does not exist") { SaidByDns = answer });
            default:
                // RFC 5321 §5.1: a temporary failure of DNS queues the message; it proves nothing about the domain.
                var unanswered = new DeliveryFailure(
                    FailureReason.DnsFailure, new(4, 4, 3), $"MX lookup for {domain} failed: {answer.Detail}");
                return new RouteResult.None(new DeliveryOutcome.Deferred(unanswered), domain);
        }
    }

    private static RouteResult.None BadDomain(MailDomain destination) =>
        Bounced(null, new(FailureReason.BadDomain, new(5, 1, 2), $"\"{destination}\" is not a domain that mail can go to"));

    private static RouteResult.None Bounced(DomainName? domain, DeliveryFailure failure) =>
        new(new DeliveryOutcome.Bounced(failure), domain);

    private static RouteResult.Found Found(
        MxHost[] hosts, DomainName? policyDomain, TlsRequirement tls = TlsRequirement.Opportunistic)
    {
        foreach (var host in hosts)
        {
            host.Require(tls);
        }

        return new RouteResult.Found(hosts, policyDomain, SiteKey(hosts, tls));
    }

    private static string SiteKey(MxHost[] hosts, TlsRequirement tls)
    {
        var names = Array.ConvertAll(hosts, host => string.Create(CultureInfo.InvariantCulture, $"{host}:{host.Port}"));
        Array.Sort(names, StringComparer.Ordinal);
        var key = names.Length == 1 ? names[0] : string.Join(',', names);
        return tls == TlsRequirement.Opportunistic ? key : $"{key} {tls}";
    }

    private MxHost ToHost(DnsRecord.MailExchange mx) => new(mx.Exchange, mx.Preference, _port);
}
