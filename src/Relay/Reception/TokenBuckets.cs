namespace Relay.Reception;

/// <summary>
/// One bucket of tokens for each client: filled at a steady rate, never above its size. Bounded: a full bucket is as good as none
/// and goes when room is needed; clients who find no room share one bucket.
/// </summary>
/// <param name="size">Tokens that can be taken at once.</param>
/// <param name="perMinute">Tokens that come in a minute.</param>
/// <param name="clock">The clock of the rate.</param>
internal sealed class TokenBuckets(int size, int perMinute, TimeProvider clock)
{
    /// <summary>Clients with a bucket of their own.</summary>
    public const int MaxClients = 10_000;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<AddressBlock, Bucket> _buckets = [];
    private readonly Bucket _shared = new(size, clock.GetTimestamp());
    private long _swept = clock.GetTimestamp();

    /// <summary>How many clients have a bucket.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _buckets.Count;
            }
        }
    }

    /// <summary>Takes a token; false when there is none.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="missed">How often there was none since the last one taken, this time included.</param>
    public bool TryTake(AddressBlock client, out int missed)
    {
        lock (_gate)
        {
            var bucket = Find(client);
            Fill(bucket);
            if (bucket.Tokens < 1)
            {
                missed = ++bucket.Missed;
                return false;
            }

            bucket.Tokens--;
            missed = bucket.Missed;
            bucket.Missed = 0;
            return true;
        }
    }

    private Bucket Find(AddressBlock client)
    {
        if (_buckets.TryGetValue(client, out var bucket))
        {
            return bucket;
        }

        if (_buckets.Count >= MaxClients && !Sweep())
        {
            return _shared;
        }

        return _buckets[client] = new Bucket(size, clock.GetTimestamp());
    }

    // Once a second at most: a flood of new clients must not buy a walk through the table each.
    private bool Sweep()
    {
        if (clock.GetElapsedTime(_swept) < SweepInterval)
        {
            return false;
        }

        _swept = clock.GetTimestamp();
        foreach (var (client, bucket) in _buckets)
        {
            Fill(bucket);
            if (bucket.Tokens >= size)
            {
                _buckets.Remove(client);
            }
        }

        return _buckets.Count < MaxClients;
    }

    private void Fill(Bucket bucket)
    {
        var now = clock.GetTimestamp();
        bucket.Tokens = Math.Min(
            size, bucket.Tokens + (clock.GetElapsedTime(bucket.Filled, now).TotalMinutes * perMinute));
        bucket.Filled = now;
    }

    private sealed class Bucket(double tokens, long filled)
    {
        public double Tokens { get; set; } = tokens;

        public long Filled { get; set; } = filled;

        public int Missed { get; set; }
    }
}
