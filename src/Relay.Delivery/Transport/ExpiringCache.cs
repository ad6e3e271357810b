using System.Diagnostics.CodeAnalysis;

namespace Relay.Delivery.Transport;

/// <summary>Remembers facts for a fixed time, and no more of them than fit: the oldest go first.</summary>
internal sealed class ExpiringCache<TKey, TValue>(int capacity, TimeSpan lifetime, TimeProvider clock)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, (TValue Value, long Since)> _facts = [];
    private readonly Queue<(TKey Key, long Since)> _order = new();

    public void Remember(TKey key, TValue value)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            _facts[key] = (value, now);
            _order.Enqueue((key, now));
            while (_order.Count > capacity || (_order.TryPeek(out var oldest) && IsOver(oldest.Since, now)))
            {
                var (dropped, since) = _order.Dequeue();
                if (_facts.TryGetValue(dropped, out var fact) && fact.Since == since)
                {
                    _facts.Remove(dropped);
                }
            }
        }
    }

    public bool TryRecall(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_lock)
        {
            if (_facts.TryGetValue(key, out var fact) && !IsOver(fact.Since, clock.GetTimestamp()))
            {
                value = fact.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    private bool IsOver(long since, long now) => clock.GetElapsedTime(since, now) >= lifetime;
}
