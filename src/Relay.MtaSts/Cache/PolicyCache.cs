using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;
using Relay.Mail;

namespace Relay.MtaSts.Cache;

/// <summary>
/// Memory in front of the rules. A snapshot per domain answers until its record has to be looked at again; then one
/// look per domain at a time, which everyone waits for.
/// </summary>
internal sealed class PolicyCache(PolicyUpdater rules, ResilientPolicyStore store, PolicyClock clock) : IPolicyCache, IDisposable
{
    private const long MemoryOctets = 64 * 1024 * 1024;

    private readonly MemoryCache _memory = new(new MemoryCacheOptions
    {
        SizeLimit = MemoryOctets,

        // Snapshots carry their own time; nothing expires in the cache's eyes.
        ExpirationScanFrequency = TimeSpan.FromDays(1),
    });

    private readonly ConcurrentDictionary<DomainName, Look> _looks = new();
    private readonly CancellationTokenSource _stopping = new();

    public ValueTask<PolicyDecision> GetAsync(DomainName domain, CancellationToken cancellationToken) =>
        Recall(domain) is { } state && state.IsCurrent(clock)
            ? new ValueTask<PolicyDecision>(state.Decision)
            : LookAsync(domain, isFresh: false, cancellationToken);

    public ValueTask<PolicyDecision> GetFreshAsync(DomainName domain, CancellationToken cancellationToken) =>
        LookAsync(domain, isFresh: true, cancellationToken);

    public async ValueTask<CachedPolicy?> FindAsync(DomainName domain, CancellationToken cancellationToken) =>
        Recall(domain)?.Policy ?? (await store.LoadAsync(domain, cancellationToken)).Policy?.Policy;

    public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(
        DomainName after, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(after, limit, cancellationToken);

    public async ValueTask<bool> ForgetAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var wasStored = await store.RemoveAsync(domain, cancellationToken);
        _memory.Remove(domain.Value);
        return wasStored;
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        _memory.Dispose();
    }

    private DomainState? Recall(DomainName domain) =>
        _memory.TryGetValue(domain.Value, out DomainState? state) ? state : null;

    private async ValueTask<PolicyDecision> LookAsync(
        DomainName domain, bool isFresh, CancellationToken cancellationToken)
    {
        while (true)
        {
            var mine = new Look(this, domain, isFresh);
            var running = _looks.GetOrAdd(domain, mine);
            var state = await running.Result.WaitAsync(cancellationToken);

            // A fresh look serves everyone; an ordinary one under way does not serve who asks for a fresh one.
            if (running.IsFresh || !isFresh)
            {
                return state.Decision;
            }
        }
    }

    /// <summary>One look under way. It ends with the relay, not with the message that began it.</summary>
    private sealed class Look
    {
        private readonly PolicyCache _cache;
        private readonly DomainName _domain;
        private readonly Lazy<Task<DomainState>> _result;

        public Look(PolicyCache cache, DomainName domain, bool isFresh)
        {
            (_cache, _domain, IsFresh) = (cache, domain, isFresh);
            _result = new Lazy<Task<DomainState>>(RunAsync);
        }

        public bool IsFresh { get; }

        public Task<DomainState> Result => _result.Value;

        private async Task<DomainState> RunAsync()
        {
            try
            {
                var (rules, stopping, remembered) = (_cache.Rules, _cache._stopping.Token, _cache.Recall(_domain));
                var state = IsFresh
                    ? await rules.RefreshAsync(_domain, remembered, stopping)
                    : await rules.ExamineAsync(_domain, remembered, stopping);
                using var entry = _cache._memory.CreateEntry(_domain.Value);
                entry.Value = state;
                entry.Size = state.Octets;
                return state;
            }
            finally
            {
                _cache._looks.TryRemove(KeyValuePair.Create(_domain, this));
            }
        }
    }

    private PolicyUpdater Rules => rules;
}
