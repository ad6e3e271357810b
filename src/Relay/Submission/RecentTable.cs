using System.Diagnostics.CodeAnalysis;

namespace Relay.Submission;

/// <summary>
/// Remembers things for some time after they were last set, and no more of them than fit: a remote party decides how many keys there
/// are. Not safe for several threads; its owner sees to that.
/// </summary>
internal sealed class RecentTable<TKey, TValue>(int capacity, TimeSpan lifetime, TimeProvider clock)
    where TKey : notnull
{
    private readonly Dictionary<TKey, (TValue Value, long Since)> _values = [];

    public int Count => _values.Count;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _values.TryGetValue(key, out var entry) && !IsOver(entry.Since);
        value = found ? entry.Value : default;
        return found;
    }

    public void Set(TKey key, TValue value)
    {
        if (_values.Count >= capacity && !_values.ContainsKey(key))
        {
            MakeRoom();
        }

        _values[key] = (value, clock.GetTimestamp());
    }

    // What is over goes, and at least the oldest tenth, so that the work is shared by many that come after.
    private void MakeRoom()
    {
        var oldest = _values.OrderBy(entry => entry.Value.Since).Take(Math.Max(1, capacity / 10)).Select(entry => entry.Key);
        foreach (var key in oldest.Concat(_values.Where(entry => IsOver(entry.Value.Since)).Select(entry => entry.Key)).ToList())
        {
            _values.Remove(key);
        }
    }

    private bool IsOver(long since) => clock.GetElapsedTime(since) >= lifetime;
}
