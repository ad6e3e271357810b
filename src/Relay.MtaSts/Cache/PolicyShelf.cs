using Microsoft.Extensions.Logging;
using Relay.Dns;

namespace Relay.MtaSts.Cache;

/// <summary>
/// The store as mail sees it: a store out of order is logged and costs memory of policies, never mail. What was fetched
/// is applied whether or not it could be written.
/// </summary>
internal sealed class PolicyShelf(IPolicyStore store, ILogger<PolicyShelf> logger)
{
    public ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.LoadAsync(domain, token), default, cancellationToken);

    public ValueTask<bool> SaveAsync(StoredPolicy policy, CancellationToken cancellationToken) =>
        TryAsync(policy.Policy.Domain.Value, token => store.SaveAsync(policy, token), cancellationToken);

    public ValueTask<bool> PostponeAsync(
        DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.PostponeAsync(domain, refreshAt, token), cancellationToken);

    public ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.TouchAsync(domain, usedAt, token), cancellationToken);

    public ValueTask<bool> SetUnknownAsync(
        DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.SetUnknownAsync(domain, since, token), cancellationToken);

    public ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.RemoveAsync(domain, token), false, cancellationToken);

    public ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
        DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        TryAsync(null, token => store.ListDueAsync(now, limit, token), [], cancellationToken);

    public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(
        DomainName after, int limit, CancellationToken cancellationToken) =>
        TryAsync(null, token => store.ListAsync(after, limit, token), [], cancellationToken);

    public ValueTask<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        TryAsync(null, token => store.PruneAsync(before, token), 0, cancellationToken);

    private ValueTask<bool> TryAsync(
        string? domain, Func<CancellationToken, ValueTask> work, CancellationToken cancellationToken) =>
        TryAsync(
            domain,
            async token =>
            {
                await work(token);
                return true;
            },
            false,
            cancellationToken);

    private async ValueTask<T> TryAsync<T>(
        string? domain, Func<CancellationToken, ValueTask<T>> work, T otherwise, CancellationToken cancellationToken)
    {
        try
        {
            return await work(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            logger.StoreFailed(domain, failure.Message);
            return otherwise;
        }
    }
}
