using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Relay.Dns.Servers;

/// <summary>Reads the addresses of servers as people write them.</summary>
internal static class ServerAddress
{
    private const int DnsPort = 53;

    /// <summary>
    /// Reads <c>address</c> or <c>address:port</c>, IPv6 with a port in brackets; port 53 when none is given.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IPEndPoint? server)
    {
        // IPEndPoint also takes the classful shorthand, in which "53" is 0.0.0.53; nobody who writes it means it.
        if (!IPEndPoint.TryParse(text ?? string.Empty, out server)
            || (server.AddressFamily is AddressFamily.InterNetwork && text!.Count(c => c == '.') != 3))
        {
            server = null;
            return false;
        }

        server.Port = server.Port == 0 ? DnsPort : server.Port;
        return true;
    }

    /// <summary>As <see cref="TryParse"/>; null for what is not an address.</summary>
    public static IPEndPoint? ParseOrNull(string? text) => TryParse(text, out var server) ? server : null;
}
