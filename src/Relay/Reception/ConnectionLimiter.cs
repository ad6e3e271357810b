using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Reception;

/// <summary>
/// Counts open connections, in all, for each client and for each network (RFC 5321 §7.8). The last tenth of all is kept for
/// trusted networks, so that strangers from however many addresses cannot shut the relay's own clients out.
/// </summary>
internal sealed class ConnectionLimiter(IOptions<RelayOptions> options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressBlock, int> _perClient = [];
    private readonly Dictionary<AddressBlock, int> _perNetwork = [];
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
            if (_perClient.GetValueOrDefault(client) >= LimitPerAddress)
            {
                return ConnectionAdmission.TooManyFromAddress;
            }

            if (_perNetwork.GetValueOrDefault(network) >= LimitPerNetwork)
            {
                return ConnectionAdmission.TooManyFromNetwork;
            }

            if (_open >= limit)
            {
                return ConnectionAdmission.TooMany;
            }

            _open++;
            Add(_perClient, client);
            Add(_perNetwork, network);
            return ConnectionAdmission.Admitted;
        }
    }

    /// <summary>Counts an admitted connection out.</summary>
    public void Leave(IPAddress address)
    {
        lock (_gate)
        {
            _open--;
            Remove(_perClient, AddressBlock.OfClient(address));
            Remove(_perNetwork, AddressBlock.OfNetwork(address));
        }
    }

    private static void Add(Dictionary<AddressBlock, int> counts, AddressBlock block) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, block, out _)++;

    private static void Remove(Dictionary<AddressBlock, int> counts, AddressBlock block)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(counts, block) == 0)
        {
            counts.Remove(block);
        }
    }
}
