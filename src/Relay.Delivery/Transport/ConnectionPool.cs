using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Relay.Delivery.Transport;

/// <summary>
/// Idle connections. Each is judged again at checkout: what it proved must meet the demand of the attempt that wants
/// it, so that a connection in clear or with an unverified certificate never serves a stronger demand (HARD-14).
/// </summary>
internal sealed class ConnectionPool : IAsyncDisposable
{
    private const int MaxTransactions = 100;

    // RFC 5321 §4.5.3.2.7 lets servers wait 5 minutes; many do not, and a connection found closed costs a round trip.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<PoolKey, List<HostConnection>> _idle = [];

    // All of them, in the order in which they were put back.
    private readonly LinkedList<HostConnection> _byAge = new();
    private readonly HashSet<Task> _closing = [];
    private readonly TimeProvider _clock;
    private readonly ITimer _sweeper;
    private readonly int _maxPerKey;
    private readonly int _maxIdle;
    private bool _closed;

    public ConnectionPool(IOptions<DeliveryOptions> options, TimeProvider clock)
    {
        _clock = clock;
        _maxPerKey = options.Value.MaxPerSite;
        _maxIdle = options.Value.MaxConcurrency;
        _sweeper = clock.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    /// <summary>Takes an idle connection that meets a demand; the taker must give it back or close it.</summary>
    public bool TryTake(PoolKey key, TlsRequirement requirement, [NotNullWhen(true)] out HostConnection? connection)
    {
        lock (_lock)
        {
            if (_idle.TryGetValue(key, out var idle))
            {
                for (var i = idle.Count - 1; i >= 0; i--)
                {
                    var candidate = idle[i];
                    if (!candidate.Satisfies(requirement))
                    {
                        continue;
                    }

                    Remove(candidate);
                    if (!IsOver(candidate) && candidate.Session.IsIdleAndOpen())
                    {
                        candidate.IsReused = true;
                        connection = candidate;
                        return true;
                    }

                    Close(candidate);
                }
            }
        }

        connection = null;
        return false;
    }

    /// <summary>
    /// Puts a connection back, or closes it when it is broken, worn out or one too many to its host. When there are too many of all hosts, the
    /// one goes that nobody has wanted for longest: those of a backlog that is delivered must not keep fresh mail from its connections.
    /// </summary>
    public void Return(HostConnection connection)
    {
        lock (_lock)
        {
            if (_closed || connection.Session.Fault is not null || connection.Transactions >= MaxTransactions
                || (_idle.TryGetValue(connection.Key, out var known) && known.Count >= _maxPerKey))
            {
                Close(connection);
                return;
            }

            if (_byAge.Count >= _maxIdle && _byAge.First is { Value: var oldest })
            {
                Remove(oldest);
                Close(oldest);
            }

            if (!_idle.TryGetValue(connection.Key, out var idle))
            {
                _idle.Add(connection.Key, idle = []);
            }

            connection.IdleSince = _clock.GetTimestamp();
            idle.Add(connection);
            connection.IdlePlace = _byAge.AddLast(connection);
        }
    }

    /// <summary>Closes a connection without making anybody wait for the peer's goodbye.</summary>
    public void Retire(HostConnection connection)
    {
        lock (_lock)
        {
            Close(connection);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] closing;
        await _sweeper.DisposeAsync();
        lock (_lock)
        {
            _closed = true;
            foreach (var connection in _byAge)
            {
                Close(connection);
            }

            _idle.Clear();
            _byAge.Clear();
            closing = [.. _closing];
        }

        await Task.WhenAll(closing);
    }

    private bool IsOver(HostConnection connection) => _clock.GetElapsedTime(connection.IdleSince) >= IdleLimit;

    private void Sweep()
    {
        lock (_lock)
        {
            while (_byAge.First is { Value: var oldest } && IsOver(oldest))
            {
                Remove(oldest);
                Close(oldest);
            }
        }
    }

    private void Remove(HostConnection connection)
    {
        var idle = _idle[connection.Key];
        idle.Remove(connection);
        if (idle.Count == 0)
        {
            _idle.Remove(connection.Key);
        }

        _byAge.Remove(connection.IdlePlace!);
        connection.IdlePlace = null;
    }

    // The caller holds the lock. Closing is short: QUIT has its own limit, and no failure of it is of interest.
    private void Close(HostConnection connection)
    {
        var closing = connection.CloseAsync(CancellationToken.None);
        if (closing.IsCompleted)
        {
            return;
        }

        _closing.Add(closing);
        closing.ContinueWith(
            done =>
            {
                lock (_lock)
                {
                    _closing.Remove(done);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
    }
}
