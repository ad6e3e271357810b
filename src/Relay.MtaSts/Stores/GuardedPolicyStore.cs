using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.Sqlite;

namespace Relay.MtaSts.Stores;

/// <summary>
/// The store with the file of known policies beside it. What is in one and not in the other is told apart from what was never there, so that
/// a store that is damaged, emptied, replaced or out of order makes no domain's mail go out as if it had no policy (RFC 8461 §10.2).
/// </summary>
internal sealed class GuardedPolicyStore(
    SqlitePolicyStore store, KnownPolicies known, CountedTime counted, PolicyClock clock, ILogger<GuardedPolicyStore> logger) : IPolicyStore
{
    private const int PageOfPolicies = 1_000;

    private static readonly TimeSpan TendInterval = TimeSpan.FromDays(1);
    private static readonly TimeSpan PairInterval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan KeepUnused = TimeSpan.FromDays(30);
    private static readonly TimeSpan Caution = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private bool _isPrepared;
    private int _rebuilds;
    private long _cautionUntil = long.MinValue;
    private long _tendAt = long.MinValue;

    // Store and file have both been lost: who has no record now may be one whose record is hidden.
    private bool IsCautious => clock.Timestamp < Interlocked.Read(ref _cautionUntil);

    /// <summary>What a fault of store or file may be thrown as.</summary>
    public static bool IsFault(Exception fault) =>
        fault is IOException or UnauthorizedAccessException or DbException or InvalidDataException;

    /// <summary>Throws <see cref="IOException"/> when store or file is of a newer version, which is to be run again.</summary>
    public void RequireKnownVersion()
    {
        store.RequireKnownVersion();
        try
        {
            Prepare();
        }
        catch (InvalidDataException newer)
        {
            throw new IOException(newer.Message, newer);
        }
        catch (Exception fault) when (IsFault(fault))
        {
            logger.StoreFailed(null, fault.Message);
        }
    }

    public async ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken)
    {
        try
        {
            Prepare();
            var stored = await store.LoadAsync(domain, cancellationToken);
            LoadAfterRebuild();
            return stored with { LostUntil = known.EndOf(domain), IsDoubtful = IsCautious };
        }
        catch (Exception fault) when (IsFault(fault))
        {
            return new StoredDomain
            {
                Fault = fault.Message,
                LostUntil = fault is not InvalidDataException && TryLoadKnown() ? known.EndOf(domain) : null,
                IsDoubtful = !known.IsWhole || IsCautious,
            };
        }
    }

    public async ValueTask SaveAsync(StoredPolicy policy, CancellationToken cancellationToken)
    {
        var (domain, end) = (policy.Policy.Domain, policy.Policy.ExpiresAt);
        var isKnown = await IsKnownAsync(domain, cancellationToken);
        try
        {
            if (policy.Policy.Policy.Mode != PolicyMode.None)
            {
                known.Note(domain, end, isFirst: !isKnown);
            }
            else if (isKnown)
            {
                known.Forget(domain);
            }
        }
        finally
        {
            await WriteAsync(() => store.SaveAsync(policy, cancellationToken));
        }
    }

    public async ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var isKnown = await IsKnownAsync(domain, cancellationToken);
        if (isKnown)
        {
            known.Forget(domain);
        }

        return await store.RemoveAsync(domain, cancellationToken) || isKnown;
    }

    public ValueTask PostponeAsync(DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken) =>
        store.PostponeAsync(domain, refreshAt, cancellationToken);

    public ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken) =>
        store.TouchAsync(domain, usedAt, cancellationToken);

    public ValueTask SetUnknownAsync(DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken) =>
        store.SetUnknownAsync(domain, since, cancellationToken);

    public ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
        DateTimeOffset now, DateTimeOffset latest, int limit, CancellationToken cancellationToken) =>
        store.ListDueAsync(now, latest, limit, cancellationToken);

    public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(DomainName after, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(after, limit, cancellationToken);

    public async ValueTask TendAsync(CancellationToken cancellationToken)
    {
        if (clock.Timestamp < _tendAt)
        {
            return;
        }

        Prepare();
        var time = counted.Count(store.ReadLatest(clock.Options.RefreshInterval));
        store.WriteLatest(time);

        // What is deleted is forgotten for good: neither by a wall clock that is ahead, nor by one that a start has just read.
        var before = (time < clock.Now ? time : clock.Now) - KeepUnused;
        if (counted.Running >= TendInterval)
        {
            await store.PruneAsync(before, cancellationToken);
            known.Compact(before);
        }

        await PairAsync(before, cancellationToken);
        _tendAt = clock.After(known.IsLoaded ? PairInterval : TendInterval);
    }

    /// <summary>Once, and again after a fault: finds out whether the store is the one that the file belongs to.</summary>
    private void Prepare()
    {
        lock (_gate)
        {
            if (_isPrepared)
            {
                return;
            }

            var identity = store.ReadIdentity();
            var condition = store.Condition;
            var wasMade = known.WasMade || condition is FileCondition.Blank or FileCondition.Damaged;
            TryKnown(known.Open);
            if (!wasMade && condition is not FileCondition.Sound)
            {
                TryKnown(() => Pair(DateTimeOffset.UnixEpoch));
            }
            else if (condition != FileCondition.Sound || identity is null || identity != known.Identity)
            {
                TryLoadKnown();
                TellLoss(condition);
            }

            if (known.LossAt is { } loss)
            {
                BeCautious(loss + Caution - clock.Now);
            }

            (_isPrepared, _rebuilds) = (true, store.Rebuilds);
        }
    }

    private void LoadAfterRebuild()
    {
        lock (_gate)
        {
            if (_rebuilds != store.Rebuilds)
            {
                _rebuilds = store.Rebuilds;
                TryLoadKnown();
                TellLoss(FileCondition.Damaged);
            }
        }
    }

    private void TellLoss(FileCondition condition)
    {
        var count = known.CountAfter(DateTimeOffset.UnixEpoch);
        if (condition == FileCondition.Sound || (known.IsWhole && (count == 0 || condition == FileCondition.Damaged)))
        {
            return;
        }

        DateTimeOffset? until = known.IsWhole ? null : clock.Now + Caution;
        logger.StoreEmpty(count, until);
        if (until is not null)
        {
            BeCautious(Caution);
            TryKnown(() => known.NoteLoss(clock.Now));
        }
    }

    private void BeCautious(TimeSpan span)
    {
        if (span > TimeSpan.Zero)
        {
            Interlocked.Exchange(ref _cautionUntil, clock.After(span < Caution ? span : Caution));
        }
    }

    private bool TryLoadKnown() => TryKnown(known.Load);

    // The store serves without the file; one of a newer version is for who asks at the start.
    private bool TryKnown(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception fault) when (fault is not InvalidDataException && IsFault(fault))
        {
            logger.StoreFailed(null, fault.Message);
            return false;
        }
    }

    private async ValueTask<bool> IsKnownAsync(DomainName domain, CancellationToken cancellationToken)
    {
        try
        {
            Prepare();
            return known.IsLoaded
                ? known.EndOf(domain) is not null
                : (await store.LoadAsync(domain, cancellationToken)).Policy is { Policy.Policy.Mode: not PolicyMode.None };
        }
        catch (Exception fault) when (IsFault(fault))
        {
            return fault is not InvalidDataException && TryLoadKnown() && known.EndOf(domain) is not null;
        }
    }

    // What the file names and the store did not take is looked for there at the next start only if the two are no pair.
    private async ValueTask WriteAsync(Func<ValueTask> write)
    {
        try
        {
            await write();
        }
        catch (Exception fault) when (IsFault(fault))
        {
            known.Unpair();
            throw;
        }
    }

    // Policies of the store that the file does not name are those of a relay that had no such file, or their lines were damaged.
    private async ValueTask PairAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (known is { Identity: not null, IsLoaded: false })
        {
            return;
        }

        known.Load();
        var (found, after) = (0, DomainName.Root);
        while (await store.ListAsync(after, PageOfPolicies, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var policy in page.Where(policy => policy.Policy.Mode != PolicyMode.None))
            {
                if (known.EndOf(policy.Domain) is not { } end || end < policy.ExpiresAt.AddSeconds(-1))
                {
                    known.Note(policy.Domain, policy.ExpiresAt, isFirst: false);
                }

                found += known.EndOf(policy.Domain) >= before ? 1 : 0;
            }

            after = page[^1].Domain;
        }

        if (found == known.CountAfter(before))
        {
            Pair(before);
        }
    }

    private void Pair(DateTimeOffset before)
    {
        var identity = Guid.NewGuid().ToString("N");
        known.Pair(identity, before);
        store.WriteIdentity(identity);
    }
}
