using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Where a destination's mail goes, or why it goes nowhere.</summary>
public abstract record RouteResult
{
    private RouteResult()
    {
    }

    /// <summary>Hosts in the order of trial.</summary>
    /// <param name="Hosts">Fresh objects, the caller's own; at least one.</param>
    /// <param name="PolicyDomain">See <see cref="DeliveryAttempt.PolicyDomain"/>.</param>
    /// <param name="SiteKey">Equal for destinations that the same set of hosts serves.</param>
    public sealed record Found(IReadOnlyList<MxHost> Hosts, DomainName? PolicyDomain, string SiteKey) : RouteResult;

    /// <summary>
    /// No host can be named: no such domain, null MX, a loop (permanent), or DNS does not answer (transient).
    /// </summary>
    /// <param name="Outcome">What every recipient there gets.</param>
    /// <param name="PolicyDomain">See <see cref="DeliveryAttempt.PolicyDomain"/>.</param>
    public sealed record None(DeliveryOutcome Outcome, DomainName? PolicyDomain) : RouteResult;
}
