using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Relay.Mail;

namespace Relay.Delivery.Transport;

/// <summary>Opens TCP connections.</summary>
internal sealed class Dialer
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _connectTimeout;
    private readonly IPAddress[] _sources;
    private uint _turn;

    public Dialer(IOptions<DeliveryOptions> options, TimeProvider clock)
    {
        _clock = clock;
        _connectTimeout = options.Value.ConnectTimeout;
        _sources = [.. options.Value.BindAddresses.Select(IPAddress.Parse)];
    }

    /// <summary>Connects; a target that does not answer, in time or at all, is a value.</summary>
    public async Task<DialResult> ConnectAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_connectTimeout, _clock, cancellationToken);
        Socket? socket = null;
        try
        {
            // Small commands must leave at once: the peer waits for each.
            socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (SourceFor(target.AddressFamily) is { } source)
            {
                socket.Bind(new IPEndPoint(source, 0));
            }

            await socket.ConnectAsync(target, deadline.Token);
            var connected = socket;
            socket = null;
            return new(connected, string.Empty);
        }
        catch (OperationCanceledException) when (deadline.Expired)
        {
            return new(null, $"no answer within {_connectTimeout.TotalSeconds:0} s");
        }
        catch (SocketException fault)
        {
            return new(null, SocketFailure.TextOf(fault));
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private IPAddress? SourceFor(AddressFamily family)
    {
        var fitting = Array.FindAll(_sources, source => source.AddressFamily == family);
        return fitting.Length == 0 ? null : fitting[Interlocked.Increment(ref _turn) % fitting.Length];
    }
}
