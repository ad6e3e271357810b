namespace Relay.Lab.Dns;

/// <summary>Every query the server received, in order.</summary>
public sealed class LabDnsLog
{
    private readonly Lock _gate = new();
    private readonly List<LabDnsQuery> _queries = [];
    private readonly List<(Predicate<LabDnsQuery> Matches, int Count, TaskCompletionSource Done)> _waiters = [];

    /// <summary>All queries so far.</summary>
    public IReadOnlyList<LabDnsQuery> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _queries];
            }
        }
    }

    /// <summary>The queries for a name and a type so far.</summary>
    public IReadOnlyList<LabDnsQuery> For(string name, LabDnsType type) => [.. All.Where(Matching(name, type).Invoke)];

    /// <summary>How many queries for a name and a type so far.</summary>
    public int Count(string name, LabDnsType type) => For(name, type).Count;

    /// <summary>
    /// Completes when so many queries for a name and a type have arrived, counted from the start of the log.
    /// </summary>
    public Task ReceivedAsync(string name, LabDnsType type, int count, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.Add((Matching(name, type), count, done));
            ReleaseWaiters();
        }

        return done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Forgets the queries so far.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _queries.Clear();
        }
    }

    internal void Add(LabDnsQuery query)
    {
        lock (_gate)
        {
            _queries.Add(query);
            ReleaseWaiters();
        }
    }

    private static Predicate<LabDnsQuery> Matching(string name, LabDnsType type)
    {
        var canonical = LabZone.Canonical(name);
        return query => query.Name == canonical && query.Type == type;
    }

    private void ReleaseWaiters() =>
        _waiters.RemoveAll(
            waiter => _queries.Count(waiter.Matches.Invoke) >= waiter.Count && waiter.Done.TrySetResult());
}
