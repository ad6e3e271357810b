using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Relay.Admin;

/// <summary>The commands' way to the running relay.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly HttpClient _http;

    public AdminClient(string socketPath)
    {
#pragma warning disable CA2000 // The client disposes its handler.
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, cancel) => ConnectAsync(socketPath, cancel), UseProxy = false })
#pragma warning restore CA2000
        {
            BaseAddress = new Uri("http://relay/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Asks for a value. The answer tells no such thing and no such relay apart.</summary>
    public async Task<AdminAnswer<T>> SendAsync<T>(HttpMethod method, string path, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return new AdminAnswer<T>.NotFound();
            }

            response.EnsureSuccessStatusCode();
            var value = await response.Content.ReadFromJsonAsync<T>(AdminJson.Options, cancellationToken);
            return new AdminAnswer<T>.Found(value!);
        }
        catch (HttpRequestException fault) when (fault.StatusCode is null)
        {
            // Nobody listens, the file is not ours to open, or the relay stopped before it answered.
            return new AdminAnswer<T>.NoRelay();
        }
    }

    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The stream owns it.
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
#pragma warning restore CA2000
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
