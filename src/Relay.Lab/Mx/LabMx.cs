using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Relay.Lab.Mx;

/// <summary>
/// An MX host on a loopback address. It is written apart from the relay's own SMTP, so that a mistake there is not made
/// twice. It records everything and behaves as badly as it is told.
/// </summary>
public sealed class LabMx : IAsyncDisposable
{
    private bool _isDisposed;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly Task _accepting;
    private readonly ConcurrentQueue<MxBehavior> _next = new();
    private readonly List<MxConnection> _connections = [];
    private readonly List<MxMessage> _messages = [];
    private readonly List<MxMessage> _unaccepted = [];
    private int _stalls;
    private TaskCompletionSource _changed = NewSignal();
    private TaskCompletionSource _released = NewSignal();

    private LabMx(MxBehavior behavior, IPEndPoint endPoint)
    {
        Behavior = behavior;
        _listener = new TcpListener(endPoint);
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    /// <summary>How it behaves on connections to come.</summary>
    public MxBehavior Behavior { get; set; }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The connections so far, closed ones included.</summary>
    public IReadOnlyList<MxConnection> Connections => Snapshot(_connections);

    /// <summary>The messages taken with a positive reply.</summary>
    public IReadOnlyList<MxMessage> Messages => Snapshot(_messages);

    /// <summary>Messages that came whole but got no positive reply.</summary>
    public IReadOnlyList<MxMessage> Unaccepted => Snapshot(_unaccepted);

    /// <summary>All commands of all connections, by connection.</summary>
    public IReadOnlyList<MxCommand> Commands => [.. Connections.SelectMany(c => c.Commands)];

    /// <summary>Starts a host.</summary>
    /// <param name="behavior">Its manners; null for good ones, without TLS.</param>
    /// <param name="address">127.0.0.1 when null.</param>
    /// <param name="port">0 for any free one.</param>
    public static LabMx Start(MxBehavior? behavior = null, IPAddress? address = null, int port = 0) =>
        new(behavior ?? new MxBehavior(), new IPEndPoint(address ?? IPAddress.Loopback, port));

    /// <summary>Gives the next connection a behaviour of its own; called again, the one after it.</summary>
    public void ForNextConnection(MxBehavior behavior) => _next.Enqueue(behavior);

    /// <summary>Ends every stall that lasts now; see <see cref="WaitForStallsAsync"/>.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _released.SetResult();
            _released = NewSignal();
        }
    }

    /// <summary>
    /// Gives the messages so far, those taken with a positive reply and the others, and forgets them: for long runs.
    /// </summary>
    public (IReadOnlyList<MxMessage> Taken, IReadOnlyList<MxMessage> Unaccepted) Drain()
    {
        lock (_gate)
        {
            (MxMessage[] Taken, MxMessage[] Unaccepted) drained = ([.. _messages], [.. _unaccepted]);
            _messages.Clear();
            _unaccepted.Clear();
            return drained;
        }
    }

    /// <summary>Waits until this many messages were taken.</summary>
    public Task<IReadOnlyList<MxMessage>> WaitForMessagesAsync(int count, CancellationToken cancellationToken) =>
        WaitAsync(() => _messages.Count >= count ? Messages : null, cancellationToken);

    /// <summary>Waits until this many connections were made.</summary>
    public Task<IReadOnlyList<MxConnection>> WaitForConnectionsAsync(int count, CancellationToken cancellationToken) =>
        WaitAsync(() => _connections.Count >= count ? Connections : null, cancellationToken);

    /// <summary>
    /// Waits until this many commands with a verb (or a longer beginning) came, over all connections.
    /// </summary>
    public Task<IReadOnlyList<MxCommand>> WaitForCommandsAsync(
        string beginning, int count, CancellationToken cancellationToken) =>
        WaitAsync<IReadOnlyList<MxCommand>>(
            () => Commands.Where(c => c.Line.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)).ToList() is var found
                && found.Count >= count ? found : null,
            cancellationToken);

    /// <summary>
    /// Waits until this many stalls have begun since the start, so that <see cref="Release"/> does not come early.
    /// </summary>
    public Task WaitForStallsAsync(int count, CancellationToken cancellationToken) =>
        WaitAsync(() => _stalls >= count ? this : null, cancellationToken);

    /// <summary>Stops listening and ends all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    internal void Add(MxMessage message, bool accepted)
    {
        lock (_gate)
        {
            (accepted ? _messages : _unaccepted).Add(message);
        }

        SignalChange();
    }

    internal Task StallAsync(CancellationToken cancellationToken)
    {
        Task released;
        lock (_gate)
        {
            _stalls++;
            released = _released.Task;
        }

        SignalChange();
        return released.WaitAsync(cancellationToken);
    }

    internal void SignalChange()
    {
        TaskCompletionSource signal;
        lock (_gate)
        {
            signal = _changed;
            _changed = NewSignal();
        }

        signal.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                sessions.RemoveAll(s => s.IsCompletedSuccessfully);
                sessions.Add(ServeAsync(socket));
            }
        }
        catch (Exception e) when (_stop.IsCancellationRequested || e is SocketException)
        {
            // The host was stopped: a listener has several ways to say so, by what it was about to do.
        }

        await Task.WhenAll(sessions);
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        socket.NoDelay = true;
        MxConnection connection;
        lock (_gate)
        {
            connection = new MxConnection(_connections.Count + 1, (IPEndPoint)socket.RemoteEndPoint!);
            _connections.Add(connection);
        }

        SignalChange();
        var behavior = _next.TryDequeue(out var own) ? own : Behavior;
        await using var session = new MxSession(this, behavior, socket, connection);
        await session.RunAsync(_stop.Token);
        connection.End();
        SignalChange();
    }

    private async Task<T> WaitAsync<T>(Func<T?> condition, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                if (condition() is { } value)
                {
                    return value;
                }
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private IReadOnlyList<T> Snapshot<T>(List<T> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }
}
