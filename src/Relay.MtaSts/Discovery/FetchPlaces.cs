namespace Relay.MtaSts.Discovery;

/// <summary>
/// Places for fetches under way. Who asks on behalf of one message has a share of them and no more, and those who wait take turns by
/// message: one message to hundreds of silent policy hosts keeps nobody else waiting.
/// </summary>
/// <param name="places">How many fetches may run at once.</param>
/// <param name="share">How many of them for one asker.</param>
/// <param name="maxWaiting">How many may wait; who comes then is sent away.</param>
internal sealed class FetchPlaces(int places, int share, int maxWaiting)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Asker> _askers = new(StringComparer.Ordinal);

    // Those that wait and have not used up their share, in the order of their turns.
    private readonly Queue<Asker> _turns = new();
    private int _free = places;
    private int _waiting;

    /// <summary>
    /// Takes a place, waiting for it if need be; false when too many wait. The token ends the program, not a single wait: a place that
    /// is given in that moment is lost.
    /// </summary>
    public async ValueTask<bool> EnterAsync(string name, CancellationToken cancellationToken)
    {
        Task granted;
        lock (_gate)
        {
            if (_waiting >= maxWaiting)
            {
                return false;
            }

            if (!_askers.TryGetValue(name, out var asker))
            {
                _askers.Add(name, asker = new Asker());
            }

            var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            granted = wait.Task;
            asker.Waits.Enqueue(wait);
            _waiting++;
            Line(asker);
            Grant();
        }

        await granted.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(string name)
    {
        lock (_gate)
        {
            _free++;
            var asker = _askers[name];
            asker.Active--;
            Line(asker);
            if (asker is { Active: 0, Waits.Count: 0 })
            {
                _askers.Remove(name);
            }

            Grant();
        }
    }

    private void Line(Asker asker)
    {
        if (asker is { IsInLine: false, Waits.Count: > 0 } && asker.Active < share)
        {
            asker.IsInLine = true;
            _turns.Enqueue(asker);
        }
    }

    private void Grant()
    {
        while (_free > 0 && _turns.TryDequeue(out var asker))
        {
            asker.IsInLine = false;
            asker.Active++;
            _free--;
            _waiting--;
            asker.Waits.Dequeue().SetResult();
            Line(asker);
        }
    }

    private sealed class Asker
    {
        public Queue<TaskCompletionSource> Waits { get; } = new();

        public int Active { get; set; }

        public bool IsInLine { get; set; }
    }
}
