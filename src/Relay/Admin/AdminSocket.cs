using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Admin;

/// <summary>
/// Opens the Unix socket of the commands: HTTP, and whoever may open the file may act, so only its owner may.
/// </summary>
internal sealed class AdminSocket(IOptions<AdminOptions> admin, IOptions<RelayOptions> relay)
    : IConfigureOptions<KestrelServerOptions>, IConfigureOptions<SocketTransportOptions>
{
    private readonly string _path = admin.Value.SocketIn(relay.Value.DataDirectory);

    public void Configure(KestrelServerOptions options) => options.ListenUnixSocket(_path);

    public void Configure(SocketTransportOptions options) => options.CreateBoundListenSocket = Bind;

    private static Socket Bind(EndPoint endPoint)
    {
        if (endPoint is not UnixDomainSocketEndPoint)
        {
            return BindListener(endPoint);
        }

        var path = endPoint.ToString()!;
        // What a killed relay left; a running one would have kept us from coming this far, by its lock on the data directory.
        File.Delete(path);
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        // Before anybody can connect: listening comes after this.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return socket;
    }

    private static Socket BindListener(EndPoint endPoint)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }
        catch (SocketException fault)
        {
            var reason = char.ToLowerInvariant(fault.Message[0]) + fault.Message[1..];
            throw new IOException(
                $"Relay:Listeners: {endPoint} cannot be opened: {reason}; name an address of this machine that no other "
                + "program listens on, and for a port below 1024 give the relay CAP_NET_BIND_SERVICE",
                fault);
        }
    }
}
