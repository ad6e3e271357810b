using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Relay.Dns.Messages;

namespace Relay.Dns.Transport;

/// <summary>One query over a connection of its own; the length in two octets comes first (RFC 1035 §4.2.2).</summary>
internal static class TcpTransport
{
    private const int LengthOctets = 2;

    public static async Task<TransportReply> AskAsync(
        IPEndPoint server, DnsQuery query, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LengthOctets + DnsQueryWriter.MaxLength);
        try
        {
            using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server, cancellationToken);

            // RFC 7766 §8: length and message in one segment, since some servers expect it.
            var length = query.Write(buffer.AsSpan(LengthOctets));
            BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)length);
            await socket.SendAsync(buffer.AsMemory(0, LengthOctets + length), cancellationToken);

            if (!await TryReceiveAsync(socket, buffer.AsMemory(0, LengthOctets), cancellationToken))
            {
                return default;
            }

            length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
            if (length > buffer.Length)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(length);
            }

            if (!await TryReceiveAsync(socket, buffer.AsMemory(0, length), cancellationToken))
            {
                return default;
            }

            // Nobody else speaks on this connection: what does not answer our question is no forgery but nonsense.
            var reply = query.Read(buffer.AsSpan(0, length));
            return reply.Outcome is ParseOutcome.NotOurs ? reply with { Outcome = ParseOutcome.Malformed } : reply;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Fills the destination; false when the server closes first.</summary>
    private static async Task<bool> TryReceiveAsync(
        Socket socket, Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (destination.Length > 0)
        {
            var received = await socket.ReceiveAsync(destination, cancellationToken);
            if (received == 0)
            {
                return false;
            }

            destination = destination[received..];
        }

        return true;
    }
}
