using Relay.Delivery;

namespace Relay.Queue.Scheduling.Sites;

/// <summary>
/// The hosts that one or more destinations share, with a concurrency that follows what they bear: one more with each
/// message taken, half of it when a session breaks, and a back-off when they cannot be reached. Guarded by the scheduler's
/// lock.
/// </summary>
internal sealed class Site(string key, int maxConcurrency) : IFairQueueMember
{
    private const int FirstLimit = 5;

    // Linked through the destinations themselves: there may be a million sites, each with one.
    private Destination? _first;
    private Destination? _last;
    private int _failures;
    private long _lastGood = long.MinValue;

    /// <summary>The router's key.</summary>
    public string Key { get; } = key;

    /// <summary>How many attempts may run now.</summary>
    public int Limit { get; private set; } = Math.Min(FirstLimit, maxConcurrency);

    /// <summary>How many attempts run.</summary>
    public int Active { get; private set; }

    /// <summary>The timestamp until which it is left alone.</summary>
    public long BackoffUntil { get; private set; } = long.MinValue;

    /// <summary>Its place in the scheduler's rotation.</summary>
    public FairQueuePlace Place { get; set; }

    /// <summary>It took mail, and nothing since says that it no longer does.</summary>
    public bool IsHealthy { get; private set; }

    /// <summary>The class in which it waits for its turn.</summary>
    public ServiceClass ServiceClass => IsHealthy ? ServiceClass.Healthy : HasNew ? ServiceClass.New : ServiceClass.Suspect;

    /// <summary>Mail has come since its last turn.</summary>
    public bool HasNew { get; set; }

    /// <summary>The destinations with ready entries.</summary>
    public IEnumerable<Destination> Ready
    {
        get
        {
            for (var destination = _first; destination is not null; destination = destination.NextAtSite)
            {
                yield return destination;
            }
        }
    }

    /// <summary>What it last failed of, while others wait for it; null when it took mail since.</summary>
    public DeliveryFailure? LastFailure { get; set; }

    /// <summary>The scheduler waits for the end of its back-off.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>Some destination may have ready entries.</summary>
    public bool HasReady => _first is not null;

    /// <summary>It has nothing to do, now or after its back-off.</summary>
    public bool IsIdle => Active == 0 && !HasReady && !Place.IsTaken;

    /// <summary>An attempt could start.</summary>
    public bool IsRunnable(long now) => HasReady && Active < Limit && BackoffUntil <= now;

    /// <summary>An operator wants it tried: what was learnt of its being unreachable no longer counts.</summary>
    public void EndBackoff()
    {
        _failures = 0;
        HasNew = true;
        BackoffUntil = long.MinValue;

        // A back-off that follows may be shorter than the one that is awaited.
        IsAwaited = false;
    }

    /// <summary>A destination has ready entries.</summary>
    public void Join(Destination destination)
    {
        if (destination.IsInRotation)
        {
            return;
        }

        destination.IsInRotation = true;
        if (_first is null)
        {
            _first = destination;
        }
        else
        {
            _last!.NextAtSite = destination;
        }

        _last = destination;
    }

    /// <summary>A destination has moved to another site.</summary>
    public void Leave(Destination destination)
    {
        if (!destination.IsInRotation)
        {
            return;
        }

        var others = Ready.Where(other => other != destination).ToArray();
        foreach (var member in Ready.ToArray())
        {
            (member.IsInRotation, member.NextAtSite) = (false, null);
        }

        (_first, _last) = (null, null);
        Array.ForEach(others, Join);
    }

    /// <summary>Takes a slot and the next entry; destinations take turns. Null when none is ready.</summary>
    public QueueEntry? Take()
    {
        while (_first is { } destination)
        {
            _first = destination.NextAtSite;
            (destination.IsInRotation, destination.NextAtSite) = (false, null);
            if (!destination.HasReady)
            {
                continue;
            }

            var entry = destination.Take();
            if (destination.HasReady)
            {
                Join(destination);
            }

            Active++;
            HasNew = false;
            return entry;
        }

        return null;
    }

    /// <summary>Gives a slot back and learns from the attempt. True when a back-off begins.</summary>
    public bool Finish(SiteHealth health, long started, long now, Func<int, long> restAfter)
    {
        Active--;
        switch (health)
        {
            case SiteHealth.Good:
                _failures = 0;
                _lastGood = now;
                IsHealthy = true;
                Limit = Math.Min(Limit + 1, maxConcurrency);
                return false;

            case SiteHealth.Neutral:
                _failures = 0;
                return false;

            case SiteHealth.Unreachable when started >= BackoffUntil && started >= _lastGood:
                // RFC 5321 §4.5.4.1: a host that cannot be reached is remembered, so that not each message waits for
                // the timeout. Attempts begun before the rest or before the last success tell nothing new.
                _failures++;
                IsHealthy = false;
                Limit = 1;
                BackoffUntil = now + restAfter(_failures);
                return true;

            default:
                // One that breaks every session may hold each for minutes, as one that does not answer does.
                IsHealthy &= Limit > 1;
                Limit = Math.Max(1, Limit / 2);
                return false;
        }
    }
}
