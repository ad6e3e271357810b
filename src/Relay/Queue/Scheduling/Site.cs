namespace Relay.Queue.Scheduling;

/// <summary>
/// The hosts that one or more destinations share, with a concurrency that follows what they bear: one more with each
/// message taken, half of it when a session breaks, and a rest when they cannot be reached. Guarded by the scheduler's
/// lock.
/// </summary>
internal sealed class Site(string key, int maxConcurrency)
{
    private const int FirstLimit = 5;

    private readonly Queue<Destination> _rotation = new();
    private int _failures;
    private long _lastGood = long.MinValue;

    /// <summary>The router's key.</summary>
    public string Key { get; } = key;

    /// <summary>How many attempts may run now.</summary>
    public int Limit { get; private set; } = Math.Min(FirstLimit, maxConcurrency);

    /// <summary>How many attempts run.</summary>
    public int Active { get; private set; }

    /// <summary>The timestamp until which it is left alone.</summary>
    public long RestsUntil { get; private set; } = long.MinValue;

    /// <summary>The site stands in the scheduler's rotation.</summary>
    public bool IsInRotation { get; set; }

    /// <summary>The destinations with ready entries.</summary>
    public IEnumerable<Destination> Ready => _rotation;

    /// <summary>An attempt could start.</summary>
    public bool IsRunnable(long now) => _rotation.Count > 0 && Active < Limit && RestsUntil <= now;

    /// <summary>An operator wants it tried: what was learnt of its being unreachable no longer counts.</summary>
    public void EndRest()
    {
        _failures = 0;
        RestsUntil = long.MinValue;
    }

    /// <summary>A destination has ready entries.</summary>
    public void Join(Destination destination)
    {
        if (!destination.IsInRotation)
        {
            destination.IsInRotation = true;
            _rotation.Enqueue(destination);
        }
    }

    /// <summary>A destination has moved to another site.</summary>
    public void Leave(Destination destination)
    {
        if (!destination.IsInRotation)
        {
            return;
        }

        destination.IsInRotation = false;
        for (var rest = _rotation.Count; rest > 0; rest--)
        {
            var next = _rotation.Dequeue();
            if (next != destination)
            {
                _rotation.Enqueue(next);
            }
        }
    }

    /// <summary>Takes a slot and the next entry; destinations take turns. Null when none is ready.</summary>
    public QueueEntry? Take()
    {
        while (_rotation.TryDequeue(out var destination))
        {
            destination.IsInRotation = false;
            if (destination.First is null)
            {
                continue;
            }

            var entry = destination.Take();
            if (destination.First is not null)
            {
                Join(destination);
            }

            Active++;
            return entry;
        }

        return null;
    }

    /// <summary>Gives a slot back and learns from the attempt. True when a rest begins.</summary>
    public bool Finish(SiteHealth health, long started, long now, Func<int, long> restAfter)
    {
        Active--;
        switch (health)
        {
            case SiteHealth.Good:
                _failures = 0;
                _lastGood = now;
                Limit = Math.Min(Limit + 1, maxConcurrency);
                return false;

            case SiteHealth.Neutral:
                _failures = 0;
                return false;

            case SiteHealth.Unreachable when started >= RestsUntil && started >= _lastGood:
                // RFC 5321 §4.5.4.1: a host that cannot be reached is remembered, so that not each message waits for
                // the timeout. Attempts begun before the rest or before the last success tell nothing new.
                _failures++;
                Limit = 1;
                RestsUntil = now + restAfter(_failures);
                return true;

            default:
                Limit = Math.Max(1, Limit / 2);
                return false;
        }
    }
}
