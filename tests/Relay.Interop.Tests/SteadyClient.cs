using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Interop.Tests;

/// <summary>
/// Clients that send one small message after the other until they are told to stop, each with a number, and keep the numbers
/// that were answered 250. Where the relay is away they wait until it is said to be back.
/// </summary>
internal sealed class SteadyClient(IPEndPoint relay, string domain) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<int> _accepted = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _up = Signal();
    private TaskCompletionSource _more = Signal();
    private int _last;
    private int _broken;

    /// <summary>The numbers of the messages that were answered 250.</summary>
    public IReadOnlyCollection<int> Accepted => _accepted;

    /// <summary>How many sessions could not be made, or broke before their message was answered for.</summary>
    public int Broken => Volatile.Read(ref _broken);

    /// <summary>Sends until <see cref="Stop"/>, with so many sessions at the same time.</summary>
    public Task RunAsync(int sessions, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => SendAllAsync(cancellationToken)));

    /// <summary>No further message is begun.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>The relay takes mail again: whoever waits goes on.</summary>
    public void SayThatItIsUp()
    {
        lock (_gate)
        {
            _up.SetResult();
            _up = Signal();
        }
    }

    /// <summary>Waits until so many more messages were answered 250.</summary>
    public async Task WaitForMoreAsync(int count, CancellationToken cancellationToken)
    {
        var enough = _accepted.Count + count;
        while (_accepted.Count < enough)
        {
            Task more;
            lock (_gate)
            {
                more = _more.Task;
            }

            if (_accepted.Count < enough)
            {
                await more.WaitAsync(cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        while (!_stop.IsCancellationRequested)
        {
            Task up;
            lock (_gate)
            {
                up = _up.Task;
            }

            if (await TrySendAsync(Interlocked.Increment(ref _last), cancellationToken))
            {
                continue;
            }

            Interlocked.Increment(ref _broken);
            await Task.WhenAny(up, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token)).WaitAsync(cancellationToken);
        }
    }

    // Without PIPELINING, and a session for each message, as the simplest of clients does it.
    private async Task<bool> TrySendAsync(int number, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(relay, cancellationToken);
            using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
            string?[] dialogue =
            [
                null, "EHLO steady.client.test", "MAIL FROM:<steady@client.test>", $"RCPT TO:<n{number}@{domain}>", "DATA",
                $"Subject: {number}\r\n\r\nMessage {number}\r\n.",
            ];
            foreach (var line in dialogue)
            {
                if (line is not null)
                {
                    await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{line}\r\n"), cancellationToken);
                }

                if (await ReadReplyAsync(reader, cancellationToken) is not ['2' or '3', ..])
                {
                    return false;
                }
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            return false;
        }

        Note(number);
        return true;
    }

    private static async Task<string> ReadReplyAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync(cancellationToken) ?? throw new IOException("The relay closed the connection");
            if (line is not [_, _, _, '-', ..])
            {
                return line;
            }
        }
    }

    private void Note(int number)
    {
        _accepted.Enqueue(number);
        lock (_gate)
        {
            _more.SetResult();
            _more = Signal();
        }
    }
}
