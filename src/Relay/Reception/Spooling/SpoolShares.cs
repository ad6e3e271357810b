using System.Runtime.InteropServices;

namespace Relay.Reception.Spooling;

/// <summary>How many octets the messages that arrive from each client have on the disk; no client has all of it.</summary>
/// <param name="most">The most octets of one client.</param>
internal sealed class SpoolShares(long most)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressBlock, long> _octets = [];

    /// <summary>The most octets of one client.</summary>
    public long Most => most;

    /// <summary>Adds octets to what a client has; false, and nothing added, when it would have too many.</summary>
    public bool TryTake(AddressBlock client, long octets)
    {
        lock (_gate)
        {
            var taken = _octets.GetValueOrDefault(client) + octets;
            if (taken > most)
            {
                return false;
            }

            _octets[client] = taken;
            return true;
        }
    }

    /// <summary>Takes them away again.</summary>
    public void Return(AddressBlock client, long octets)
    {
        lock (_gate)
        {
            ref var taken = ref CollectionsMarshal.GetValueRefOrNullRef(_octets, client);
            if ((taken -= octets) == 0)
            {
                _octets.Remove(client);
            }
        }
    }
}
