using System.Net;
using Microsoft.Extensions.Options;

namespace Relay.Dns.Servers;

/// <summary>The servers to ask, in the order in which to ask them.</summary>
internal sealed class ServerList
{
    private readonly Lock _gate = new();
    private readonly HashSet<IPEndPoint> _trusted;
    private readonly SystemServers? _system;
    private readonly TimeProvider _clock;
    private (IReadOnlyList<IPEndPoint> Addresses, NameServer[] Servers) _known;

    public ServerList(IOptions<DnsOptions> options, SystemServers system, TimeProvider clock)
    {
        _clock = clock;
        _trusted = [.. options.Value.TrustedServers.Select(ServerAddress.ParseOrNull).OfType<IPEndPoint>()];
        var configured = options.Value.Servers.Select(ServerAddress.ParseOrNull).OfType<IPEndPoint>().ToList();
        _system = configured.Count == 0 ? system : null;
        _known = (configured, Make(configured));
    }

    /// <summary>As configured, but those set aside come last: a server is put back, never given up.</summary>
    public IReadOnlyList<NameServer> InOrder()
    {
        var servers = Servers();
        return Array.TrueForAll(servers, server => !server.IsAside(_clock))
            ? servers
            : [.. servers.OrderBy(server => server.IsAside(_clock))];
    }

    private NameServer[] Servers()
    {
        if (_system is null)
        {
            return _known.Servers;
        }

        lock (_gate)
        {
            var current = _system.Current;
            if (!ReferenceEquals(current, _known.Addresses))
            {
                _known = (current, Make(current));
            }

            return _known.Servers;
        }
    }

    private NameServer[] Make(IReadOnlyList<IPEndPoint> addresses) =>
        [.. addresses.Select(address => new NameServer(address, _trusted.Contains(address)))];
}
