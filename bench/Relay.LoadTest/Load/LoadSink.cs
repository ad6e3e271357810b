using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Relay.LoadTest.Load;

/// <summary>
/// The MX hosts of a load: one address in 127.0.0.0/8 for each recipient domain, all on the same port, offering
/// STARTTLS. They check every message and note its arrival, and do nothing else, so that the relay gets the processors.
/// </summary>
internal sealed class LoadSink : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private readonly LoadCorpus _corpus;
    private readonly LoadLedger _ledger;
    private readonly SslStreamCertificateContext _certificate;
    private readonly List<Socket> _listeners;
    private readonly Task _accepting;

    private LoadSink(
        LoadCorpus corpus, LoadLedger ledger, SslStreamCertificateContext certificate, List<Socket> listeners)
    {
        (_corpus, _ledger, _certificate, _listeners) = (corpus, ledger, certificate, listeners);
        Port = ((IPEndPoint)listeners[0].LocalEndPoint!).Port;
        _accepting = Task.WhenAll(listeners.Select(AcceptAsync));
    }

    /// <summary>The port of every address.</summary>
    public int Port { get; }

    /// <summary>Connections open now.</summary>
    public int OpenConnections => _connections.Count;

    /// <summary>The address of a domain's MX host.</summary>
    public static IPAddress AddressOf(int domain) =>
        new([127, 0, (byte)(1 + (domain / 250)), (byte)(1 + (domain % 250))]);

    public static LoadSink Start(
        LoadPlan plan, LoadCorpus corpus, LoadLedger ledger, SslStreamCertificateContext certificate)
    {
        while (true)
        {
            if (TryListen(plan.Domains) is { } listeners)
            {
                return new LoadSink(corpus, ledger, certificate, listeners);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stopping.Dispose();
    }

    /// <summary>Null when the port that the first address got is taken on another.</summary>
    private static List<Socket>? TryListen(int domains)
    {
        var listeners = new List<Socket>(domains);
        try
        {
            for (var domain = 0; domain < domains; domain++)
            {
                var listener =
                    new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                listeners.Add(listener);
                var port = domain == 0 ? 0 : ((IPEndPoint)listeners[0].LocalEndPoint!).Port;
                listener.Bind(new IPEndPoint(AddressOf(domain), port));
                listener.Listen(512);
            }

            return listeners;
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            listeners.ForEach(listener => listener.Dispose());
            return null;
        }
    }

    private async Task AcceptAsync(Socket listener, int domain)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptAsync(_stopping.Token);
                var connection = ServeAsync(socket, LoadPlan.DomainName(domain));
                _connections[connection] = true;
                _ = connection.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // The sinks are stopped.
        }
    }

    private async Task ServeAsync(Socket socket, string domain)
    {
        await Task.Yield();
        await using var connection = new SinkConnection(socket, domain, _corpus, _ledger);
        try
        {
            await connection.RunAsync(_certificate, _stopping.Token);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException
            or System.Security.Authentication.AuthenticationException)
        {
            // The relay was killed, or the sinks are stopped.
        }
    }
}
