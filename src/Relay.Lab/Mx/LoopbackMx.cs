using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Relay.Lab.Certificates;

namespace Relay.Lab.Mx;

/// <summary>
/// Plays one exact dialogue over one connection: <c>S: </c> lines are sent, <c>C: </c> lines are awaited and must be
/// equal, <c>CONTENT</c> reads to the final dot, <c>TLS</c> makes the handshake, <c>CLOSE</c> ends the connection.
/// Lines between two <c>C:</c> lines go out in one write.
/// </summary>
public sealed class LoopbackMx : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private LoopbackMx(LabCertificate? certificate, string[] script)
    {
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        Played = PlayAsync(certificate, script);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Completes when the dialogue was played to its end; fails when the client departed from it.</summary>
    public Task Played { get; }

    /// <summary>Starts to play a dialogue.</summary>
    public static LoopbackMx Play(params string[] script) => new(null, script);

    /// <summary>Starts to play a dialogue that has a <c>TLS</c> line.</summary>
    public static LoopbackMx Play(LabCertificate certificate, params string[] script) => new(certificate, script);

    /// <summary>
    /// Ends the connection; a departure of the client's is not reported here but by <see cref="Played"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await Task.WhenAny(Played);
        _stop.Dispose();
    }

    private async Task PlayAsync(LabCertificate? certificate, string[] script)
    {
        using var socket = await _listener.AcceptSocketAsync(_stop.Token);
        socket.NoDelay = true;
        await using var network = new NetworkStream(socket);
        Stream stream = network;
        var wire = new MxWire(stream, MxChunking.Batched);
        foreach (var step in script)
        {
            if (step.StartsWith("S: ", StringComparison.Ordinal))
            {
                await wire.WriteAsync(Encoding.UTF8.GetBytes(step[3..] + "\r\n"), _stop.Token);
            }
            else if (step.StartsWith("C: ", StringComparison.Ordinal))
            {
                await ExpectAsync(wire, step[3..]);
            }
            else if (step == "CONTENT")
            {
                await wire.FlushAsync(_stop.Token);
                if (await wire.ReadToAsync("\r\n.\r\n"u8.ToArray(), null, _stop.Token) is null)
                {
                    throw new InvalidDataException("the connection ended within the content");
                }
            }
            else if (step == "TLS")
            {
                await wire.FlushAsync(_stop.Token);
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificateContext = certificate!.Context }, _stop.Token);
                (stream, wire) = (tls, new MxWire(tls, MxChunking.Batched));
            }
            else if (step == "CLOSE")
            {
                break;
            }
            else
            {
                throw new ArgumentException($"not a step of a dialogue: {step}", nameof(script));
            }
        }

        await wire.FlushAsync(_stop.Token);
        await stream.DisposeAsync();
    }

    private async Task ExpectAsync(MxWire wire, string expected)
    {
        await wire.FlushAsync(_stop.Token);
        var line = await wire.ReadToAsync("\r\n"u8.ToArray(), null, _stop.Token);
        var actual = line is null ? "the end of the connection" : Encoding.UTF8.GetString(line.AsSpan(..^2));
        if (actual != expected)
        {
            throw new InvalidDataException($"expected \"{expected}\" from the client, got \"{actual}\"");
        }
    }
}
