using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Relay.Mail;
using Relay.MtaSts;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Enforcement;
using Relay.MtaSts.Policies;

namespace Relay.Admin;

/// <summary>Says what holds for mail to a domain and why: override, policy, record.</summary>
internal sealed class StsDecisions(
    IPolicyCache cache, DomainOverrides overrides, StsRecordLookup records, IOptions<MtaStsOptions> options, TimeProvider clock)
{
    /// <summary>Decides as delivery would.</summary>
    /// <param name="domain">The policy domain.</param>
    /// <param name="isFresh">Ask DNS and policy host now, whatever is remembered.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<StsDecisionView> DecideAsync(DomainName domain, bool isFresh, CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled)
        {
            return new(domain.Value, "no-policy", PolicyMode.None, "disabled", null);
        }

        var word = overrides.Find(domain);
        var view = word?.Mode == OverrideMode.Off
            ? new(domain.Value, "no-policy", PolicyMode.None, "override", null)
            : await LookAsync(domain, isFresh, cancellationToken);
        return word is null
            ? view
            : view with { Mode = DomainOverrides.Apply(word.Mode, view.Mode), Override = word.Mode, OverrideUntil = word.Until };
    }

    private async Task<StsDecisionView> LookAsync(DomainName domain, bool isFresh, CancellationToken cancellationToken)
    {
        var asked = clock.GetUtcNow();
        var decision = isFresh
            ? await cache.GetFreshAsync(domain, cancellationToken)
            : await cache.GetAsync(domain, cancellationToken);
        // Decided upon a moment ago, so that this answer comes from the resolver's memory.
        var answer = await records.LookUpAsync(domain, cancellationToken);
        var view = new StsDecisionView(domain.Value, "no-policy", decision.Mode, SourceOfNone(answer), Describe(answer));
        return decision switch
        {
            PolicyDecision.Applies { Policy: var policy } => view with
            {
                Decision = "policy",
                Source = policy.FetchedAt >= asked ? "fetched-now" : "remembered",
                Policy = StsPolicyView.Of(policy, clock.GetUtcNow()),
            },
            PolicyDecision.Unknown unknown => view with
            {
                Decision = "unknown",
                Source = "dns-failure",
                Until = unknown.Until,
                Detail = unknown.Detail,
            },
            _ => view,
        };
    }

    private static string SourceOfNone(StsRecordAnswer answer) => answer switch
    {
        StsRecordAnswer.TemporaryFailure => "dns-failure",
        StsRecordAnswer.Definitive { Records: StsRecordSet.Found } => "fetch-failed",
        _ => "record",
    };

    private static string Describe(StsRecordAnswer answer) => answer switch
    {
        StsRecordAnswer.TemporaryFailure failure => $"DNS does not answer: {failure.Detail}",
        StsRecordAnswer.Definitive { Records: StsRecordSet.Found found } => $"id={found.Id}",
        StsRecordAnswer.Definitive { Records: StsRecordSet.Absent } => "none",
        StsRecordAnswer.Definitive { Records: StsRecordSet.Multiple several } =>
            string.Create(CultureInfo.InvariantCulture, $"{several.Count} records, so that none counts"),
        StsRecordAnswer.Definitive { Records: StsRecordSet.Invalid invalid } =>
            string.Create(CultureInfo.InvariantCulture, $"broken: {invalid.Fault} at octet {invalid.Offset}"),
        _ => throw new UnreachableException(),
    };
}
