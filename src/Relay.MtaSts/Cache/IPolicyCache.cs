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
    ValueTask<PolicyDecision> GetAsync(DomainName domain, CancellationToken cancellationToken) =>
        GetAsync(domain, string.Empty, cancellationToken);

    /// <summary>
    /// The same on behalf of a message, by its queue id: messages share what policy hosts can be asked at once. Ends after some
    /// seconds in <see cref="PolicyDecision.Unknown"/> while the look goes on, unless an unexpired policy is at hand.
    /// </summary>
    ValueTask<PolicyDecision> GetAsync(DomainName domain, string asker, CancellationToken cancellationToken);

    /// <summary>
    /// What holds before a message is given up: asks DNS whatever it said before, and the policy host unless it was asked less than
    /// five minutes ago (RFC 8461 §3.3, §5.1).
    /// </summary>
    ValueTask<PolicyDecision> GetForLastAttemptAsync(DomainName domain, string asker, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="GetAsync(DomainName, CancellationToken)"/>, but asks DNS and the policy host now, whatever the cache and the back-off say. A
    /// failure leaves an unexpired policy in force.
    /// </summary>
    ValueTask<PolicyDecision> GetFreshAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>
    /// What is remembered of a domain: its unexpired policy, nothing, or that the store cannot be read. Looks nothing up.
    /// </summary>
    ValueTask<PolicyDecision> RecallAsync(DomainName domain, CancellationToken cancellationToken);

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
