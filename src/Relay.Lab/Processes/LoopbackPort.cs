using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Relay.Lab.Processes;

/// <summary>
/// Ports for programs that must be told a number before they start, and must find it again after a restart.
/// </summary>
public static class LoopbackPort
{
    // Below Linux' range for outgoing connections (32768 and up), so that no client socket takes it while its owner is
    // down.
    private const int First = 20_000;
    private const int End = 32_000;

    /// <summary>A port free for TCP and UDP on 127.0.0.1 at the moment of asking, taken at random.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (IsFree(port, SocketType.Stream, ProtocolType.Tcp) && IsFree(port, SocketType.Dgram, ProtocolType.Udp))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port, SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
