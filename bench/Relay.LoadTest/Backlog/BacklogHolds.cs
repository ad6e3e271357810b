using System.Net.Sockets;
using Relay.LoadTest.Load;
using Relay.Queue;

namespace Relay.LoadTest.Backlog;

/// <summary>An operator's client that holds one message of the backlog after the other, over the relay's admin socket.</summary>
internal sealed class BacklogHolds(string socketPath, int queued) : IDisposable
{
    // Those with other numbers cannot go, so they are all still there.
    private const int OneThatMayBeGone = 10;

    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly List<TimeSpan> _times = [];
#pragma warning disable CA2000 // The client disposes its handler.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = (_, cancellationToken) => ConnectAsync(socketPath, cancellationToken),
    });
#pragma warning restore CA2000

    /// <summary>How long each took.</summary>
    public LatencyFigures Figures => LatencyFigures.Of(_times);

    /// <summary>How many there were.</summary>
    public int Count => _times.Count;

    /// <summary>Holds messages until it is told to end, or there is none left.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        for (var number = queued - 1; number >= 0 && !end.IsCancellationRequested; number--)
        {
            if (number % OneThatMayBeGone != 0)
            {
                var started = _clock.GetTimestamp();
                var id = new QueueId(QueueIdSequence.First + number);
                using var response = await _http.PostAsync(new Uri($"http://relay/queue/{id}/hold"), content: null, CancellationToken.None);
                response.EnsureSuccessStatusCode();
                _times.Add(_clock.GetElapsedTime(started));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The stream owns it.
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
#pragma warning restore CA2000
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
