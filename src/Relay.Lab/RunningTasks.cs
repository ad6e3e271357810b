using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Relay.Lab;

/// <summary>What a lab server has under way, so that its end can wait for it.</summary>
internal sealed class RunningTasks
{
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    public void Add(Task task)
    {
        var quiet = QuietAsync(task);
        _running[quiet] = true;
        quiet.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
    }

    /// <summary>Completes when everything added so far has ended.</summary>
    public Task WhenAllEndedAsync() => Task.WhenAll(_running.Keys);

    // A client that goes away, a handshake that fails and the end of the server are no news to a test.
    private static async Task QuietAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or IOException
            or ObjectDisposedException or AuthenticationException)
        {
        }
    }
}
