using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Relay.Dns.Messages;

namespace Relay.Dns.Transport;

/// <summary>One query, one socket, one answer.</summary>
internal static class UdpTransport
{
    public static async Task<TransportReply> AskAsync(
        IPEndPoint server, DnsQuery query, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DnsQueryWriter.UdpPayload + 1);
        try
        {
            // RFC 5452 §9.2: a new socket for each query, so that the system gives it an unpredictable source port;
            // connected, so that it hands us nothing that came from another address or port (§9.1).
            using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(server, cancellationToken);
            await socket.SendAsync(buffer.AsMemory(0, query.Write(buffer)), cancellationToken);
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                var reply = query.Read(buffer.AsSpan(0, length));
                if (reply.Outcome is not ParseOutcome.NotOurs)
                {
                    // RFC 6891 §6.2.3: we said how much we take; what is longer has lost its end in our buffer.
                    return length > DnsQueryWriter.UdpPayload ? reply with { IsOversize = true } : reply;
                }

                // RFC 5452 §9.1: a wrong answer may be a forgery that hopes to be first; the true one is still waited
                // for.
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
