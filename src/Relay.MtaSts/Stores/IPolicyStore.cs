using Relay.Mail;
using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Stores;

/// <summary>
/// Remembers policies across restarts. Every call may throw <see cref="IOException"/> when the store is out of order.
/// </summary>
internal interface IPolicyStore
{
    /// <summary>What is known of a domain.</summary>
    ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>Puts a policy in the place of the domain's former one; durable on return.</summary>
    ValueTask SaveAsync(StoredPolicy policy, CancellationToken cancellationToken);

    /// <summary>Moves the background refresh of a domain's policy.</summary>
    ValueTask PostponeAsync(DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken);

    /// <summary>Notes that mail asked for a domain's policy; false when there is none.</summary>
    ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken);

    /// <summary>Remembers since when a domain's record cannot be looked up; null forgets it.</summary>
    ValueTask SetUnknownAsync(DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken);

    /// <summary>Removes everything about a domain; false when there was nothing.</summary>
    ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>
    /// Unexpired policies whose refresh is due and that mail has asked for within the last 30 days or their own max_age, whichever is longer,
    /// the most overdue first; also those whose refresh is set for after
    /// <paramref name="latest"/>, which only a clock that was ahead can have done.
    /// </summary>
    ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
        DateTimeOffset now, DateTimeOffset latest, int limit, CancellationToken cancellationToken);

    /// <summary>Policies by name.</summary>
    ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(DomainName after, int limit, CancellationToken cancellationToken);

    /// <summary>To be called now and then: drops what ended long ago and nobody mails.</summary>
    ValueTask TendAsync(CancellationToken cancellationToken);
}
