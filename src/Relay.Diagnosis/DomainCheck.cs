using Relay.Delivery;
using Relay.Delivery.Routing;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>
/// Goes through a domain's whole set-up in the order a sender does, past every fault, so that one run shows them all.
/// </summary>
public sealed class DomainCheck
{
    private readonly RecordCheck _record;
    private readonly PolicyHostCheck _policyHost;
    private readonly IRouter _router;
    private readonly HostCheck _hosts;
    private readonly TlsReportingCheck _reporting;

    internal DomainCheck(RecordCheck record, PolicyHostCheck policyHost, IRouter router, HostCheck hosts, TlsReportingCheck reporting)
    {
        _record = record;
        _policyHost = policyHost;
        _router = router;
        _hosts = hosts;
        _reporting = reporting;
    }

    /// <summary>Checks a domain; asks DNS, its policy host and its MX hosts, and sends no mail.</summary>
    public async Task<CheckReport> RunAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var asking = _record.RunAsync(domain, cancellationToken);
        var fetching = _policyHost.RunAsync(domain, cancellationToken);
        var routing = _router.RouteAsync(MailDomain.Of(domain), cancellationToken).AsTask();
        var reports = _reporting.RunAsync(domain, cancellationToken);
        await Task.WhenAll(asking, fetching, routing, reports);

        var announcement = await asking;
        var published = await fetching;
        var (exchanges, found) = await ProbeAsync(domain, await routing, published.Policy, cancellationToken);
        var isAnnounced = announcement.Steps.All(step => step.Status != StepStatus.Failed);
        var (verdict, summary) = Judge(isAnnounced ? published.Policy : null, found);
        return new(
            domain.Value,
            verdict,
            summary,
            [announcement, .. published.Sections, exchanges, .. found.Select(host => host.Section), await reports]);
    }

    private async Task<(CheckSection Section, IReadOnlyList<HostFindings> Hosts)> ProbeAsync(
        DomainName domain, RouteResult route, StsPolicy? policy, CancellationToken cancellationToken)
    {
        var title = $"MX hosts of {domain}";
        if (route is not RouteResult.Found { Hosts: var mx } found)
        {
            var failure = ((RouteResult.None)route).Outcome switch
            {
                DeliveryOutcome.Bounced bounced => bounced.Failure,
                DeliveryOutcome.Deferred deferred => deferred.Failure,
                _ => throw new System.Diagnostics.UnreachableException(),
            };
            return (new(title, [CheckStep.Failed("mx", failure.Text, RemedyFor(failure.Reason))]), []);
        }

        var results = await Task.WhenAll(mx.Select(host => _hosts.RunAsync(host, policy, cancellationToken)));
        return (new(title, [Describe(domain, found)]), results);
    }

    private static CheckStep Describe(DomainName domain, RouteResult.Found route)
    {
        if (route.PolicyDomain != domain)
        {
            return CheckStep.Advice(
                "mx",
                $"this relay sends the domain's mail by a fixed route to {route.Hosts[0]}",
                "To check the domain as others see it, leave Relay:Routes out");
        }

        return route.Hosts is [{ Preference: 0 } host] && host.Name == domain
            ? CheckStep.Passed("mx", "the domain itself is its MX host")
            : CheckStep.Passed("mx", string.Join(", ", route.Hosts.Select(mx => $"{mx.Preference} {mx}")));
    }

    private static (CheckVerdict Verdict, string Summary) Judge(StsPolicy? policy, IReadOnlyList<HostFindings> found)
    {
        var usable = found.Count(host => host.IsAcceptable);
        return (policy?.Mode, usable) switch
        {
            _ when !found.Any(host => host.IsReachable) => (
                CheckVerdict.Undeliverable, "A sender could not deliver: no MX host takes sessions."),
            (null, _) => (
                CheckVerdict.DeliversUnprotected, "A sender would deliver without MTA-STS, unless it remembers an earlier policy."),
            (PolicyMode.None, _) => (CheckVerdict.DeliversUnprotected, "A sender would deliver; mode none protects nothing."),
            (PolicyMode.Testing, 0) => (
                CheckVerdict.Delivers, "A sender would deliver and report failures; with mode enforce it would refuse."),
            (PolicyMode.Testing, _) => (CheckVerdict.Delivers, "A sender would deliver, also with mode enforce."),
            (_, 0) => (CheckVerdict.Refuses, "A sender would refuse to deliver: no MX host meets the policy."),
            _ when usable < found.Count => (
                CheckVerdict.Delivers, $"A sender would deliver to {usable} of {found.Count} MX hosts and pass over the others."),
            _ => (CheckVerdict.Delivers, "A sender would deliver, protected by the policy."),
        };
    }

    private static string RemedyFor(string reason) => reason switch
    {
        "null-mx" => "The domain says that it takes no mail; remove the null MX if it is to take any",
        "no-such-domain" => "Register the domain, or correct the name",
        "mail-loop" => "This relay is the domain's best MX host; run the check from another machine",
        "dns-failure" => "Mend the domain's name servers, or the resolver used here (Dns:Servers)",
        _ => "Publish an MX record that names a host: 10 mail.example.com",
    };
}
