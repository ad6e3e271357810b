using System.Collections.Frozen;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>The operator's own word on single domains.</summary>
public sealed class DomainOverrides
{
    private readonly PolicyClock _clock;
    private readonly FrozenDictionary<DomainName, MtaStsOptions.DomainOverride> _byDomain;

    internal DomainOverrides(PolicyClock clock)
    {
        _clock = clock;
        _byDomain = clock.Options.Domains
            .GroupBy(entry => DomainName.TryParse(entry.Domain, out var domain) ? domain : DomainName.Root)
            .ToFrozenDictionary(group => group.Key, group => group.First());
    }

    /// <summary>What the operator says about a domain now; <see cref="OverrideMode.None"/> for nothing.</summary>
    public OverrideMode For(DomainName domain) => Find(domain)?.Mode ?? OverrideMode.None;

    /// <summary>The override that holds for a domain now; null for none, and for one that has ended.</summary>
    public MtaStsOptions.DomainOverride? Find(DomainName domain) =>
        _byDomain.TryGetValue(domain, out var entry) && !(entry.Until <= _clock.Now) ? entry : null;

    /// <summary>The mode that holds for a policy when the operator has a word in it.</summary>
    public static PolicyMode Apply(OverrideMode word, PolicyMode published) => (word, published) switch
    {
        (OverrideMode.Off, _) => PolicyMode.None,
        (OverrideMode.Enforce, PolicyMode.Testing) => PolicyMode.Enforce,
        (OverrideMode.Testing, PolicyMode.Enforce) => PolicyMode.Testing,
        _ => published,
    };
}
