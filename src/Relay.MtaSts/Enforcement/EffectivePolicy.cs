using Relay.Dns;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>What one attempt is held to.</summary>
/// <param name="Domain">The policy domain.</param>
/// <param name="Policy">The policy; null for none.</param>
/// <param name="Mode">The mode that holds, after the operator's own word.</param>
internal readonly record struct EffectivePolicy(DomainName Domain, CachedPolicy? Policy, PolicyMode Mode)
{
    /// <summary>
    /// Sessions are judged by a policy, whether or not it decides (RFC 8461 §5, enforce and testing).
    /// </summary>
    public bool Judges => Mode is PolicyMode.Enforce or PolicyMode.Testing;

    /// <summary>The policy lists the host (RFC 8461 §4.1). Asked only where a policy judges.</summary>
    public bool Lists(DomainName host) => Policy is not null && Policy.Policy.Lists(host);
}
