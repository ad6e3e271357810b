using Relay.Mail;

namespace Relay.MtaSts.Cache;

/// <summary>The policies this relay trusts, found on first use and remembered (RFC 8461 §10).</summary>
public interface IPolicyCache
{
    /// <summary>
    /// What holds for a policy domain. A hit completes synchronously and allocates nothing; otherwise looks at the
    /// record and, where need be, fetches. Throws only <see cref="OperationCanceledException"/> when the caller
    /// cancels.
    /// </summary>
    ValueTask<PolicyDecision> GetAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="GetAsync"/>, but asks DNS and the policy host now, whatever the cache and the back-off say. A
    /// failure leaves an unexpired policy in force.
    /// </summary>
    ValueTask<PolicyDecision> GetFreshAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>The policy remembered for a domain, expired or not; null for none. Looks nothing up.</summary>
    ValueTask<CachedPolicy?> FindAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>
    /// Up to <paramref name="limit"/> remembered policies by name, after <paramref name="after"/>; the root begins.
    /// </summary>
    ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(DomainName after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets everything about a domain, as if it had never been mailed. False when nothing was stored.
    /// </summary>
    ValueTask<bool> ForgetAsync(DomainName domain, CancellationToken cancellationToken);
}
