using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Relay.Lab.PolicyHosts;

/// <summary>
/// One HTTPS listener on a loopback port that is the policy host of many domains: what it shows and says depends on the
/// name in the client hello. A name without a script is refused in the handshake.
/// </summary>
public sealed class LabPolicyHost : IAsyncDisposable
{
    private const int SendBuffer = 16 * 1024;

    private readonly ConcurrentDictionary<string, PolicyHostScript> _scripts = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<PolicyHostRequest> _requests = new();
    private readonly RunningTasks _running = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Socket _listener;
    private int _connections;
    private long _octetsSent;

    private LabPolicyHost(Socket listener)
    {
        _listener = listener;
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _running.Add(AcceptAsync(_stopping.Token));
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Every request so far, in order.</summary>
    public IReadOnlyList<PolicyHostRequest> Requests => [.. _requests];

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Octets of endless and trickling bodies that were taken off its hands so far.</summary>
    public long OctetsSent => Interlocked.Read(ref _octetsSent);

    /// <summary>Starts one, by default on 127.0.0.1; a port only to share that of another listener.</summary>
    public static LabPolicyHost Start(IPAddress? address = null, int port = 0)
    {
        address ??= IPAddress.Loopback;
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen();
        return new LabPolicyHost(listener);
    }

    /// <summary>Sets what happens under a name, <c>mta-sts.example.test</c>, from now on.</summary>
    public LabPolicyHost Play(string host, PolicyHostScript script)
    {
        _scripts[host] = script;
        return this;
    }

    /// <summary>How many requests for a name so far.</summary>
    public int Count(string host) =>
        _requests.Count(request => request.ServerName.Equals(host, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _running.WhenAllEndedAsync();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var connection = await _listener.AcceptAsync(cancellationToken);
            Interlocked.Increment(ref _connections);
            _running.Add(ServeAsync(connection, cancellationToken));
        }
    }

    private async Task ServeAsync(Socket connection, CancellationToken cancellationToken)
    {
        // A small buffer, so that hardly more is sent than the client has read.
        connection.SendBufferSize = SendBuffer;
        using var raw = new NetworkStream(connection, ownsSocket: true);
        var helloName = string.Empty;
        using var tls = new SslStream(raw);
        await tls.AuthenticateAsServerAsync(
            async (_, hello, _, token) =>
            {
                helloName = hello.ServerName;
                var script = ScriptFor(helloName);
                await (script?.Fault is PolicyHostFault.SilenceInHandshake ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token) : Task.CompletedTask);
                return script is { Certificate: { } certificate, Fault: not PolicyHostFault.DropBeforeTls }
                    ? new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = certificate.Context,
                        CipherSuitesPolicy = script.CipherSuites,
                        EnabledSslProtocols = script.CipherSuites is null ? SslProtocols.None : SslProtocols.Tls12,
                    }
                    : throw new AuthenticationException("the script has no certificate for this name");
            },
            null,
            cancellationToken);
        if (await ReadRequestAsync(helloName, tls, cancellationToken) is { } request && ScriptFor(helloName) is { } script)
        {
            _requests.Enqueue(request);
            await (script.Until ?? Task.CompletedTask).WaitAsync(cancellationToken);
            await RespondAsync(tls, script, cancellationToken);
        }
    }

    private PolicyHostScript? ScriptFor(string host) => _scripts.TryGetValue(host, out var script) ? script : null;

    private async Task RespondAsync(SslStream tls, PolicyHostScript script, CancellationToken cancellationToken)
    {
        switch (script.Fault)
        {
            case PolicyHostFault.DropAfterRequest:
                return;
            case PolicyHostFault.Babble:
                await tls.WriteAsync("220 mx.test ESMTP\r\n\r\n"u8.ToArray(), cancellationToken);
                return;
            case PolicyHostFault.Silence:
                await HeldAsync(tls, cancellationToken);
                return;
            case PolicyHostFault.Endless:
                await tls.WriteAsync(Header(script, null), cancellationToken);
                await SendWithoutEndAsync(tls, cancellationToken);
                return;
            case PolicyHostFault.Trickle:
                await tls.WriteAsync(Header(script, script.Body.Length), cancellationToken);
                await TrickleAsync(tls, script, cancellationToken);
                return;
            case PolicyHostFault.Stall:
                await tls.WriteAsync(Header(script, script.Body.Length), cancellationToken);
                await tls.WriteAsync(script.Body[..(script.Body.Length / 2)], cancellationToken);
                await HeldAsync(tls, cancellationToken);
                return;
            default:
                await tls.WriteAsync(
                    Header(script, script.Body.Length + (script.Fault is PolicyHostFault.Truncate ? 1 : 0)), cancellationToken);
                await tls.WriteAsync(script.Body, cancellationToken);
                await tls.ShutdownAsync();
                return;
        }
    }

    private async Task SendWithoutEndAsync(SslStream tls, CancellationToken cancellationToken)
    {
        var line = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("pad: " + new string('a', 58) + "\n", 64)));
        while (true)
        {
            await tls.WriteAsync(line, cancellationToken);
            Interlocked.Add(ref _octetsSent, line.Length);
        }
    }

    private async Task TrickleAsync(SslStream tls, PolicyHostScript script, CancellationToken cancellationToken)
    {
        for (var index = 0; index < script.Body.Length; index++)
        {
            await (script.Pace?.Invoke(cancellationToken) ?? Task.CompletedTask);
            await tls.WriteAsync(script.Body.Slice(index, 1), cancellationToken);
            Interlocked.Increment(ref _octetsSent);
        }
    }

    // Until the client goes away.
    private static async Task HeldAsync(SslStream tls, CancellationToken cancellationToken)
    {
        var ignored = new byte[1];
        while (await tls.ReadAsync(ignored, cancellationToken) > 0)
        {
        }
    }

    private static byte[] Header(PolicyHostScript script, int? length)
    {
        var header = new StringBuilder();
        header.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {script.Status} Scripted\r\n");
        if (script.ContentType is { } type)
        {
            header.Append(CultureInfo.InvariantCulture, $"Content-Type: {type}\r\n");
        }

        foreach (var field in script.Headers)
        {
            header.Append(field).Append("\r\n");
        }

        if (length is { } octets && script.Status is not (204 or 304))
        {
            header.Append(CultureInfo.InvariantCulture, $"Content-Length: {octets}\r\n");
        }

        return Encoding.ASCII.GetBytes(header.Append("Connection: close\r\n\r\n").ToString());
    }

    private static async Task<PolicyHostRequest?> ReadRequestAsync(string helloName, SslStream tls, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await tls.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            length += read;
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                var request = PolicyHostRequest.Read(helloName, Encoding.ASCII.GetString(buffer, 0, end));
                var body = new byte[request.Headers.TryGetValue("Content-Length", out var octets) ? int.Parse(octets, CultureInfo.InvariantCulture) : 0];
                var begun = buffer.AsMemory((end + 4)..length);
                begun.CopyTo(body);
                await tls.ReadExactlyAsync(body.AsMemory(begun.Length), cancellationToken);
                return request with { Body = body };
            }
        }

        return null;
    }
}
