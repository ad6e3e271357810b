using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Storage;

/// <summary>
/// The only writer of the store: a thread of its own, for the database's calls block. Each commit takes every operation
/// that waits, so that many messages share one flush to the disk. When a group fails, its operations are tried one by
/// one, so that none fails for another's fault; what must succeed is tried again until it does: every second, or, when it failed by a
/// fault of its own, apart from all others and less and less often. After a failed commit nothing is written before the store is known
/// to be durable again.
/// </summary>
internal sealed class QueueWriter : IDisposable
{
    private const int MaxGroup = 1000;
    private const int MaxGroupOctets = 16 * 1024 * 1024;
    private const int MaxRefusedAtOnce = 100;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromMinutes(10);

    // A disk that does not answer must not keep the relay from ending.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(20);

    private readonly object _gate = new();

    // The thread waits by the machine's own time too.
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly StoreCommits _commits;
    private readonly StoreHealth _health;
    private readonly Thread _thread;
    private readonly LinkedList<WriteOperation> _waiting = new();
    private readonly List<WriteOperation> _unsettled = [];
    private readonly Queue<WriteOperation> _refused = new();
    private TimeSpan _refusal = RetryInterval;
    private long _refusedAt;
    private bool _closing;

    /// <summary>Starts the thread.</summary>
    public QueueWriter(StoreCommits commits, StoreHealth health)
    {
        (_commits, _health) = (commits, health);
        _thread = new Thread(Run) { Name = "queue writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Hands over an operation; completes after the commit that holds it. After <see cref="Dispose"/> nothing is taken
    /// any more, nor is while the store is out of order what need not succeed, but for one that finds out how it is: what would
    /// be refused after a wait is better refused at once, and piles up no memory.
    /// </summary>
    public Task<StoreFault> SubmitAsync(WriteOperation operation)
    {
        lock (_gate)
        {
            if (_closing || (!operation.MustSucceed && !_health.MayTry(isAnotherWaiting: _waiting.First is not null)))
            {
                operation.Complete(StoreFault.Unavailable);
                return operation.Done;
            }

            _waiting.AddLast(operation);
            Monitor.Pulse(_gate);
        }

        return operation.Done;
    }

    /// <summary>
    /// Takes back an operation that is not begun: it will not be done. False when it is in a commit, whose end is then the only
    /// thing that tells.
    /// </summary>
    public bool TryWithdraw(WriteOperation operation)
    {
        lock (_gate)
        {
            return _waiting.Remove(operation);
        }
    }

    /// <summary>Looks after the store's log soon, though nothing waits to be written.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Writes what waits and closes the connection. What cannot be written then is given up: it is redelivered.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join(LongestEnd);
    }

    private void Run()
    {
        var group = new List<WriteOperation>();
        while (TakeGroup(group))
        {
            Write(group);
            _commits.KeepUp(isIdle: group.Count == 0);
            group.Clear();
            RetryRefused();
        }

        foreach (var operation in _unsettled.Concat(_refused))
        {
            operation.Complete(StoreFault.Unavailable);
        }

        _commits.Disconnect();
    }

    private bool TakeGroup(List<WriteOperation> group)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_closing)
            {
                var isSoon = _unsettled.Count > 0 || _health.NeedsRenewal || _health.IsRoomShort;
                var pause = isSoon ? RetryInterval : _refused.Count > 0 ? _refusal : Timeout.InfiniteTimeSpan;
                if (!Monitor.Wait(_gate, pause))
                {
                    break;
                }
            }

            if (_closing && _waiting.Count == 0 && _unsettled.Count == 0)
            {
                return false;
            }

            group.AddRange(_unsettled);
            _unsettled.Clear();
            var (taken, octets) = (0, 0);
            while (taken < MaxGroup && octets < MaxGroupOctets && _waiting.First is { Value: var operation })
            {
                _waiting.RemoveFirst();
                taken++;
                octets += operation.Octets;
                group.Add(operation);
            }

            return true;
        }
    }

    private void Write(List<WriteOperation> group)
    {
        var fault = _commits.TryCommit(group);
        if (fault is StoreFault.None or StoreFault.Unknown || group.Count == 1)
        {
            foreach (var operation in group)
            {
                Finish(operation, fault);
            }

            return;
        }

        // A fault of the machine will meet the others too: they get it without a try, for each try may take seconds. On a full
        // disk what must succeed is tried all the same, for it may be what makes room.
        var machineFault = StoreFault.None;
        foreach (var operation in group)
        {
            var isTried = machineFault == StoreFault.None || (machineFault == StoreFault.Full && operation.MustSucceed);
            var own = isTried ? _commits.TryCommit([operation]) : machineFault;
            if (own is StoreFault.Full or StoreFault.Unavailable or StoreFault.Unknown)
            {
                // What a commit that failed may have brought to the disk, it brought for its own operation alone.
                machineFault = own == StoreFault.Full ? own : StoreFault.Unavailable;
            }

            Finish(operation, own);
        }
    }

    private void Finish(WriteOperation operation, StoreFault fault)
    {
        if (fault == StoreFault.None || !operation.MustSucceed || Volatile.Read(ref _closing))
        {
            operation.Complete(fault);
        }
        else if (fault is StoreFault.Operation or StoreFault.Damaged)
        {
            _refusedAt = _refused.Count == 0 ? _clock.GetTimestamp() : _refusedAt;
            _refused.Enqueue(operation);
        }
        else
        {
            _unsettled.Add(operation);
        }
    }

    // In a group each of them would make all others be committed one by one, again and again.
    private void RetryRefused()
    {
        if (_refused.Count == 0 || _clock.GetElapsedTime(_refusedAt) < _refusal)
        {
            return;
        }

        var left = _refused.Count;
        for (var tries = Math.Min(left, MaxRefusedAtOnce); tries > 0; tries--)
        {
            var operation = _refused.Dequeue();
            Finish(operation, _commits.TryCommit([operation]));
        }

        _refusedAt = _clock.GetTimestamp();
        _refusal = _refused.Count < left ? RetryInterval : _refusal * 2 < LongestRefusal ? _refusal * 2 : LongestRefusal;
    }
}
