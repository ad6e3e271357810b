using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Stores;

/// <summary>
/// The store as mail sees it: a store out of order is logged and never thrown at mail. What was fetched is applied whether or not
/// it could be written, and is written as soon as that can be done; what cannot be read is told apart from what is not there.
/// </summary>
internal sealed class ResilientPolicyStore(IPolicyStore store, ILogger<ResilientPolicyStore> logger) : IDisposable
{
    private const int MaxUnsaved = 10_000;

    private readonly ConcurrentDictionary<DomainName, StoredPolicy> _unsaved = new();

    // What is written late must not come after what is newer; the store takes one write at a time anyhow.
    private readonly SemaphoreSlim _turn = new(1);

    public async ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken)
    {
        if (_unsaved.TryGetValue(domain, out var policy))
        {
            return new StoredDomain(policy, null);
        }

        var stored = await TryAsync(
            domain.Value,
            token => store.LoadAsync(domain, token),
            fault => new StoredDomain { Fault = fault, IsDoubtful = true },
            cancellationToken);
        if (stored.Fault is { } told)
        {
            logger.StoreFailed(domain.Value, told);
        }

        return stored;
    }

    public ValueTask<bool> SaveAsync(StoredPolicy policy, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            var domain = policy.Policy.Domain;
            var isSaved = await WriteAsync(policy, cancellationToken);
            if (!isSaved && (_unsaved.Count < MaxUnsaved || _unsaved.ContainsKey(domain)))
            {
                _unsaved[domain] = policy;
            }

            return isSaved;
        },
        cancellationToken);

    /// <summary>
    /// Writes what could not be written before, so that a restart does not forget a policy that was in force. Ends with the first that still
    /// cannot be.
    /// </summary>
    public async ValueTask SaveUnsavedAsync(CancellationToken cancellationToken)
    {
        foreach (var domain in _unsaved.Keys)
        {
            // Looked up in its turn: it may have been replaced, saved or forgotten since it was listed.
            if (!await InTurnAsync(
                async () => !_unsaved.TryGetValue(domain, out var policy) || await WriteAsync(policy, cancellationToken), cancellationToken))
            {
                return;
            }
        }
    }

    public ValueTask<bool> PostponeAsync(
        DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.PostponeAsync(domain, refreshAt, token), cancellationToken);

    /// <summary>Notes that mail asked for a domain's policy; false when the store has no such policy.</summary>
    public ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.TouchAsync(domain, usedAt, token), _ => true, cancellationToken);

    public ValueTask<bool> SetUnknownAsync(
        DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken) =>
        TryAsync(domain.Value, token => store.SetUnknownAsync(domain, since, token), cancellationToken);

    public ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            var wasUnsaved = _unsaved.TryRemove(domain, out _);
            return await TryAsync(domain.Value, token => store.RemoveAsync(domain, token), _ => false, cancellationToken) || wasUnsaved;
        },
        cancellationToken);

    public ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
        DateTimeOffset now, DateTimeOffset latest, int limit, CancellationToken cancellationToken) =>
        TryAsync(null, token => store.ListDueAsync(now, latest, limit, token), _ => [], cancellationToken);

    public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(
        DomainName after, int limit, CancellationToken cancellationToken) =>
        TryAsync(null, token => store.ListAsync(after, limit, token), _ => [], cancellationToken);

    public ValueTask<bool> TendAsync(CancellationToken cancellationToken) => TryAsync(null, store.TendAsync, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async ValueTask<bool> InTurnAsync(Func<ValueTask<bool>> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<bool> WriteAsync(StoredPolicy policy, CancellationToken cancellationToken)
    {
        var domain = policy.Policy.Domain;
        var isSaved = await TryAsync(domain.Value, token => store.SaveAsync(policy, token), cancellationToken);
        if (isSaved)
        {
            _unsaved.TryRemove(domain, out _);
        }

        return isSaved;
    }

    private ValueTask<bool> TryAsync(
        string? domain, Func<CancellationToken, ValueTask> work, CancellationToken cancellationToken) =>
        TryAsync(
            domain,
            async token =>
            {
                await work(token);
                return true;
            },
            _ => false,
            cancellationToken);

    private async ValueTask<T> TryAsync<T>(
        string? domain, Func<CancellationToken, ValueTask<T>> work, Func<string, T> otherwise, CancellationToken cancellationToken)
    {
        try
        {
            return await work(cancellationToken);
        }
        catch (Exception failure) when (GuardedPolicyStore.IsFault(failure))
        {
            logger.StoreFailed(domain, failure.Message);
            return otherwise(failure.Message);
        }
    }
}
