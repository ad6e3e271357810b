using Relay.Mail;

namespace Relay.Submission;

/// <summary>Lets those who share a key through one at a time, in the order in which they came.</summary>
internal sealed class SerialGate<TKey>(TimeProvider clock)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Line> _lines = [];

    /// <summary>Waits until all are through who came before; null when that takes too long. Whoever is let in disposes what it gets.</summary>
    public async ValueTask<IDisposable?> EnterAsync(TKey key, TimeSpan patience, CancellationToken cancellationToken)
    {
        var line = Join(key);
        if (line.Gate.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            return new Place(this, key, line);
        }

        using var deadline = new Deadline(patience, clock, cancellationToken);
        try
        {
            await line.Gate.WaitAsync(deadline.Token);
            return new Place(this, key, line);
        }
        catch (OperationCanceledException)
        {
            Leave(key, line);
            if (deadline.Expired)
            {
                return null;
            }

            throw;
        }
    }

    private Line Join(TKey key)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(key, out var line))
            {
                _lines[key] = line = new Line();
            }

            line.Count++;
            return line;
        }
    }

    private void Leave(TKey key, Line line)
    {
        lock (_lock)
        {
            if (--line.Count == 0)
            {
                _lines.Remove(key);
                line.Gate.Dispose();
            }
        }
    }

    // Those who are in or wait.
    private sealed class Line
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public int Count { get; set; }
    }

    private sealed class Place(SerialGate<TKey> gate, TKey key, Line line) : IDisposable
    {
        public void Dispose()
        {
            line.Gate.Release();
            gate.Leave(key, line);
        }
    }
}
