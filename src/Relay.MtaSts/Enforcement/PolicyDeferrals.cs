using System.Globalization;
using Relay.Delivery;
using Relay.Mail;
using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Enforcement;

/// <summary>How mail that a policy holds back is told of: always as a transient failure (RFC 8461 §5, §5.1).</summary>
internal static class PolicyDeferrals
{
    private const int FaultsNamed = 5;

    /// <summary>
    /// RFC 8461 §10.2: an unanswered lookup, or an unreadable store, may hide a policy; mail waits a little rather than go out
    /// unprotected.
    /// </summary>
    public static DeliveryOutcome.Deferred Wait(DomainName domain, PolicyDecision.Unknown unknown) => new(new DeliveryFailure(
        "sts-policy-unknown",
        new EnhancedStatusCode(4, 7, 5),
        string.Create(
            CultureInfo.InvariantCulture,
            $"it is not known whether {domain} has an MTA-STS policy ({unknown.Detail}); waiting until {unknown.Until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")));

    /// <summary>The policy rules every host out.</summary>
    public static DeliveryOutcome.Deferred NoUsableHost(
        in EffectivePolicy applied, EnhancedStatusCode status, IReadOnlyList<HostFault> faults)
    {
        var named = string.Join("; ", faults.Take(FaultsNamed));
        var more = faults.Count > FaultsNamed ? string.Create(CultureInfo.InvariantCulture, $"; and {faults.Count - FaultsNamed} more") : string.Empty;
        return new(new DeliveryFailure("sts-no-usable-mx", status, $"{Describe(applied)} leaves no usable host: {named}{more}"));
    }

    /// <summary>DNS alone speaks against the domain.</summary>
    public static DeliveryOutcome.Deferred Doubt(in EffectivePolicy applied, DeliveryFailure failure) => new(new DeliveryFailure(
        "sts-dns-unconfirmed",
        new EnhancedStatusCode(4, failure.Status.Subject, failure.Status.Detail),
        $"{failure.Text}; {Describe(applied)} stands against that, so DNS has to say it again after {DnsDoubts.Doubt.TotalMinutes:0} minutes"));

    private static string Describe(in EffectivePolicy applied) => string.Create(
        CultureInfo.InvariantCulture,
        $"the MTA-STS policy of {applied.Domain} (id {applied.Policy!.Id}, mode {PolicyEvaluation.WordFor(applied.Mode)}, fetched {applied.Policy.FetchedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'})");
}
