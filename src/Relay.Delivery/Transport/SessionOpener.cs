using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Relay.Mail;
using Relay.Smtp.Client;

namespace Relay.Delivery.Transport;

/// <summary>Connects to an address, reads the greeting and says EHLO. An address found dead is left alone for a while.</summary>
internal sealed class SessionOpener(
    Dialer dialer, DeliveryIdentity identity, IOptions<DeliveryOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan UnreachableLifetime = TimeSpan.FromMinutes(1);

    // RFC 5321 §4.5.4.1: dead addresses are remembered, so that queued messages do not each wait for the time-out.
    // Shorter than the first retry interval, so that every retry really tries.
    private readonly ExpiringCache<(IPAddress, int), string> _unreachable = new(10_000, UnreachableLifetime, clock);

    /// <summary>A connection in clear that is ready for STARTTLS or MAIL, or why there is none.</summary>
    public async Task<OpenResult> OpenAsync(ConnectRequest request, CancellationToken cancellationToken)
    {
        var target = (request.Key.Address, request.Key.Port);
        if (_unreachable.TryRecall(target, out var earlier))
        {
            return new(null, FailurePolicy.Unreachable(
                request.Hop(null), FailureReason.KnownUnreachable, $"not tried again yet: {earlier}"));
        }

        var dialed = await dialer.ConnectAsync(new IPEndPoint(request.Key.Address, request.Key.Port), cancellationToken);
        if (dialed.Socket is not { } socket)
        {
            _unreachable.Remember(target, dialed.Detail);
            return new(null, FailurePolicy.Unreachable(request.Hop(null), FailureReason.ConnectFailed, dialed.Detail));
        }

        var connection = Connection(request.Key, socket);
        var greeted = false;
        try
        {
            var step = await connection.Session.OpenAsync(cancellationToken);
            greeted = step.Succeeded;
            connection.Time = clock.GetUtcNow();
            connection.PeerHelloName = connection.Session.PeerHelloName;
            return greeted ? new(connection, null) : new(null, FailurePolicy.Unavailable(step, request.Hop(null)));
        }
        finally
        {
            if (!greeted)
            {
                await connection.CloseAsync(cancellationToken);
            }
        }
    }

#pragma warning disable CA2000 // The connection owns the session, the session the stream, the stream the socket.
    private HostConnection Connection(PoolKey key, Socket socket)
    {
        var local = ((IPEndPoint)socket.LocalEndPoint!).Address;
        // RFC 5321 §4.1.1.1, §4.1.4: who has no fully qualified name says the address that it comes from.
        var name = identity.HostName.Contains('.', StringComparison.Ordinal)
            ? identity.HostName
            : AddressLiteral.Of(local);
        var session = new SmtpClientSession(
            new NetworkStream(socket, ownsSocket: true), name, options.Value.Timeouts, clock);
        return new(key, session, local);
    }
#pragma warning restore CA2000
}
