using System.Collections.Frozen;
using Relay.Dns;

namespace Relay.MtaSts.Enforcement;

/// <summary>The operator's own word on single domains.</summary>
internal sealed class DomainOverrides(PolicyClock clock)
{
    private readonly FrozenDictionary<DomainName, MtaStsOptions.DomainOverride> _byDomain = clock.Options.Domains
        .GroupBy(entry => DomainName.TryParse(entry.Domain, out var domain) ? domain : DomainName.Root)
        .ToFrozenDictionary(group => group.Key, group => group.First());

    /// <summary>What the operator says about a domain now; <see cref="OverrideMode.None"/> for nothing.</summary>
    public OverrideMode For(DomainName domain) =>
        _byDomain.TryGetValue(domain, out var entry) && !(entry.Until <= clock.Now) ? entry.Mode : OverrideMode.None;
}
