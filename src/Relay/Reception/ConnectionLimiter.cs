using System.Net;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Reception;

/// <summary>
/// Counts open connections, in all, for each client and for each network (RFC 5321 §7.8). The last tenth of all is kept for
/// trusted networks, so that remote parties from however many addresses cannot shut the relay's own clients out.
/// </summary>
internal sealed class ConnectionLimiter(IOptions<RelayOptions> options)
{
    private readonly Lock _gate = new();
    private readonly AddressCounts _perClient = new();
    private readonly AddressCounts _perNetwork = new();
    private readonly TrustedNetworks _trusted = TrustedNetworks.From(options.Value);
    private int _open;

    /// <summary>The limit on all connections.</summary>
    public int Limit { get; } = options.Value.MaxConnections;

    /// <summary>The limit on the connections of one client.</summary>
    public int LimitPerAddress { get; } = options.Value.MaxConnectionsPerAddress;

    /// <summary>The limit on the connections of one network.</summary>
    public int LimitPerNetwork { get; } = options.Value.MaxConnectionsPerNetwork;

    /// <summary>Counts a connection in if there is room; only who was admitted leaves again.</summary>
    public ConnectionAdmission Enter(IPAddress address)
    {
        var (client, network) = (AddressBlock.OfClient(address), AddressBlock.OfNetwork(address));
        var limit = _trusted.Contains(address) ? Limit : Limit - (Limit / 10);
        lock (_gate)
        {
            if (_perClient.Of(client) >= LimitPerAddress)
            {
                return ConnectionAdmission.TooManyFromAddress;
            }

            if (_perNetwork.Of(network) >= LimitPerNetwork)
            {
                return ConnectionAdmission.TooManyFromNetwork;
            }

            if (_open >= limit)
            {
                return ConnectionAdmission.TooMany;
            }

            _open++;
            _perClient.Add(client);
            _perNetwork.Add(network);
            return ConnectionAdmission.Admitted;
        }
    }

    /// <summary>Counts an admitted connection out.</summary>
    public void Leave(IPAddress address)
    {
        lock (_gate)
        {
            _open--;
            _perClient.Remove(AddressBlock.OfClient(address));
            _perNetwork.Remove(AddressBlock.OfNetwork(address));
        }
    }
}
