using System.Net;
using System.Net.Sockets;
using Relay.Mail;

namespace Relay.Https;

/// <summary>Connects to the first of several addresses that answers (RFC 8305 §5).</summary>
public sealed class HappyEyeballs(TimeProvider clock)
{
    // RFC 8305 §5: 250 ms is the recommended head start of each address before the next.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    /// <summary>Throws a <see cref="IOException"/> that tells of each address when every one failed.</summary>
    public async ValueTask<Socket> ConnectAsync(
        IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellationToken)
    {
        using var finished = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<Socket>>();
        var failures = new List<string>();
        var next = 0;
        try
        {
            while (true)
            {
                if (next < addresses.Count)
                {
                    running.Add(DialAsync(new IPEndPoint(addresses[next++], port), finished.Token));
                }

                var ended = await FirstEndedAsync(running, mayStartAnother: next < addresses.Count, finished.Token);
                if (ended is not null)
                {
                    running.Remove(ended);
                    if (ended.Exception?.InnerException is not IOException failure)
                    {
                        return await ended;
                    }

                    cancellationToken.ThrowIfCancellationRequested();
                    failures.Add(failure.Message);
                    if (running.Count == 0 && next == addresses.Count)
                    {
                        throw new IOException(string.Join("; ", failures));
                    }
                }
            }
        }
        finally
        {
            await finished.CancelAsync();
            foreach (var loser in running)
            {
                await ObserveAsync(loser);
            }
        }
    }

    // Null when the head start is over and nobody ended.
    private async Task<Task<Socket>?> FirstEndedAsync(
        List<Task<Socket>> running, bool mayStartAnother, CancellationToken cancellationToken)
    {
        if (!mayStartAnother)
        {
            return await Task.WhenAny(running);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var headStart = Task.Delay(HeadStart, clock, over.Token);
        var first = await Task.WhenAny(running.Cast<Task>().Append(headStart));
        await over.CancelAsync();
        return first as Task<Socket>;
    }

    private static async Task<Socket> DialAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return socket;
        }
        catch (SocketException fault)
        {
            socket.Dispose();
            throw new IOException($"{endPoint.Address}: {SocketFailure.TextOf(fault)}", fault);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task ObserveAsync(Task<Socket> loser)
    {
        try
        {
            (await loser).Dispose();
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // It lost; the race reports its own end.
        }
    }
}
