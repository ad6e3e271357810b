using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.MtaSts.Stores;

namespace Relay.MtaSts.Cache;

/// <summary>
/// Memory in front of the rules. A snapshot per domain answers until its record has to be looked at again; then one
/// look per domain at a time, which serves everyone.
/// </summary>
internal sealed class PolicyCache(PolicyUpdater rules, ResilientPolicyStore store, PolicyClock clock, ILogger<PolicyCache> logger)
    : IPolicyCache, IDisposable
{
    private const long MemoryOctets = 64 * 1024 * 1024;

    private readonly MemoryCache _memory = new(new MemoryCacheOptions
    {
        SizeLimit = MemoryOctets,

        // Snapshots carry their own time; nothing expires in the cache's eyes.
        ExpirationScanFrequency = TimeSpan.FromDays(1),
    });

    private readonly ConcurrentDictionary<DomainName, PolicyLook> _looks = new();
    private readonly CancellationTokenSource _stopping = new();

    public ValueTask<PolicyDecision> GetAsync(DomainName domain, string asker, CancellationToken cancellationToken) =>
        Recall(domain) is { } state && state.IsCurrent(clock)
            ? new ValueTask<PolicyDecision>(state.Decision)
            : LookAsync(domain, LookKind.Ordinary, asker, cancellationToken);

    public ValueTask<PolicyDecision> GetForLastAttemptAsync(DomainName domain, string asker, CancellationToken cancellationToken) =>
        LookAsync(domain, LookKind.Last, asker, cancellationToken);

    public ValueTask<PolicyDecision> GetFreshAsync(DomainName domain, CancellationToken cancellationToken) =>
        LookAsync(domain, LookKind.Fresh, string.Empty, cancellationToken);

    public ValueTask<PolicyDecision> RecallAsync(DomainName domain, CancellationToken cancellationToken) =>
        rules.RecallAsync(domain, Recall(domain), cancellationToken);

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
        DomainName domain, LookKind kind, string asker, CancellationToken cancellationToken)
    {
        while (true)
        {
            var running = _looks.GetOrAdd(domain, new PolicyLook(domain, kind, asker, clock, RunAsync));
            if (kind == LookKind.Ordinary)
            {
                return await running.AnswerAsync(cancellationToken);
            }

            var state = await running.Result.WaitAsync(cancellationToken);
            if (running.Kind >= kind)
            {
                return state.Decision;
            }
        }
    }

    private async Task<DomainState> RunAsync(PolicyLook look)
    {
        try
        {
            var state = await rules.LookAsync(look, Recall(look.Domain), _stopping.Token);
            using var entry = _memory.CreateEntry(look.Domain.Value);
            entry.Value = state;
            entry.Size = state.Octets;
            return state;
        }
#pragma warning disable CA1031 // A fault of ours in one domain's look: its mail waits, or goes on under the policy that is known.
        catch (Exception fault) when (!_stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.PolicyFaulted(look.Domain.Value, fault.Message, fault);
            return new DomainState(look.Domain) { Decision = look.Meanwhile() };
        }
        finally
        {
            _looks.TryRemove(KeyValuePair.Create(look.Domain, look));
        }
    }
}
