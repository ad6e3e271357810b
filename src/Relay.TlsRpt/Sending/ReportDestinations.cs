using System.Globalization;
using Microsoft.Extensions.Options;
using Relay.Delivery.Routing;
using Relay.Mail;
using Relay.TlsRpt.Records;

namespace Relay.TlsRpt.Sending;

/// <summary>
/// Asks where a domain's reports go, and chooses. RFC 8460 §7: whoever writes the record names the destinations, and nobody asks those;
/// the relay's signed mail must not be aimed at its operator's own machines, nor flood others.
/// </summary>
internal sealed class ReportDestinations(TlsRptLookup lookup, IOptions<TlsRptOptions> options, IFixedRoutes? routes = null)
{
    private const int HttpsPort = 443;
    private const int LastPrivilegedPort = 1023;

    public async Task<FoundDestinations> FindAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var (records, detail) = await lookup.LookUpAsync(domain, cancellationToken);
        return records switch
        {
            null => new FoundDestinations.Silence(detail),
            TlsRptRecordSet.Found { Destinations.Count: > 0 } found => Choose(domain, found.Destinations),
            _ => new FoundDestinations.Nowhere(WhyNowhere(records)),
        };
    }

    private static string WhyNowhere(TlsRptRecordSet records) => records switch
    {
        TlsRptRecordSet.Multiple => "more than one TLSRPT record",
        TlsRptRecordSet.Invalid => "the TLSRPT record names no destination",
        TlsRptRecordSet.Found => "the TLSRPT record names no destination that can be used",
        _ => "no TLSRPT record",
    };

    private FoundDestinations.Places Choose(DomainName domain, IReadOnlyList<TlsRptDestination> published)
    {
        // RFC 8460 §7: a record must not turn the relay into a flooder.
        var limit = options.Value.MaxDestinations;
        var used = new List<TlsRptDestination>();
        var unused = new List<UnusedDestination>();
        foreach (var destination in published.Take(limit))
        {
            if (WhyNot(domain, destination, used) is { } why)
            {
                unused.Add(new UnusedDestination(destination, why));
            }
            else
            {
                used.Add(destination);
            }
        }

        return new FoundDestinations.Places(
            used,
            unused,
            published.Count > limit
                ? string.Create(CultureInfo.InvariantCulture, $"{published.Count - limit} destinations above the limit are not served")
                : string.Empty);
    }

    private string? WhyNot(DomainName policyDomain, TlsRptDestination destination, List<TlsRptDestination> used) => destination switch
    {
        // RFC 8460 §7: below 1024 are the ports of other services, which somebody would have the relay talk to.
        TlsRptDestination.Https { Endpoint.Port: not HttpsPort and <= LastPrivilegedPort } =>
            "port: reports are posted to port 443, and to ports above 1023",
        TlsRptDestination.Mail mail => WhyNotMailed(policyDomain, mail, [.. used.OfType<TlsRptDestination.Mail>()]),
        _ => null,
    };

    private string? WhyNotMailed(
        DomainName policyDomain, TlsRptDestination.Mail mail, List<TlsRptDestination.Mail> used)
    {
        var domain = DomainOf(mail);
        if (domain.Name.IsRoot)
        {
            // RFC 5321 §4.1.3: a literal goes past DNS and routes, to whatever machine the record's writer likes.
            return "address-literal: no report goes to an address in the place of a domain";
        }

        if (routes is not null && routes.HasRoute(domain.Name, out var nextHop) && domain.Name != policyDomain && nextHop != policyDomain)
        {
            return $"fixed-route: {domain} has a route of its own, and only its own reports go there";
        }

        if (used.Any(other => ReportMailbox.Of(other.Mailbox) == ReportMailbox.Of(mail.Mailbox)))
        {
            return "repeated: the mailbox gets this report once";
        }

        return !IsWithin(policyDomain, domain.Name) && used.Any(other => !IsWithin(policyDomain, DomainOf(other).Name))
            ? $"other-organisation: one mailbox outside {policyDomain} gets its reports, the first"
            : null;
    }

    private static MailDomain DomainOf(TlsRptDestination.Mail mail) =>
        MailDomain.Of(mail.Mailbox[(mail.Mailbox.LastIndexOf('@') + 1)..]);

    // What is below the policy domain or above it is its organisation's, whatever registries sell names at which depth; names of one label
    // are nobody's.
    private static bool IsWithin(DomainName policyDomain, DomainName domain) =>
        domain == policyDomain
        || (policyDomain.Value.Contains('.', StringComparison.Ordinal) && domain.IsWithin(policyDomain))
        || (domain.Value.Contains('.', StringComparison.Ordinal) && policyDomain.IsWithin(domain));
}
