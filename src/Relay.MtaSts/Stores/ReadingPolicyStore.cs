using Relay.Mail;
using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Stores;

/// <summary>
/// The store for who only looks: reads the file where there is one, writes nothing and creates nothing. Whoever asks may be
/// another user than the relay's, and a file of theirs in its directory would lock the relay out of its own policies.
/// </summary>
internal sealed class ReadingPolicyStore(IPolicyStore store, string file, KnownPolicies known) : IPolicyStore
{
    private bool IsThere => File.Exists(file) || known.WasMade;

    public ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken) =>
        IsThere ? store.LoadAsync(domain, cancellationToken) : default;

    public ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
        DateTimeOffset now, DateTimeOffset latest, int limit, CancellationToken cancellationToken) =>
        IsThere ? store.ListDueAsync(now, latest, limit, cancellationToken) : new([]);

    public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(DomainName after, int limit, CancellationToken cancellationToken) =>
        IsThere ? store.ListAsync(after, limit, cancellationToken) : new([]);

    public ValueTask SaveAsync(StoredPolicy policy, CancellationToken cancellationToken) => default;

    public ValueTask PostponeAsync(DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken) => default;

    public ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken) => new(true);

    public ValueTask SetUnknownAsync(DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken) => default;

    public ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken) => default;

    public ValueTask TendAsync(CancellationToken cancellationToken) => default;
}
