using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Reception;

/// <summary>Counts open connections, in all and for each address.</summary>
internal sealed class ConnectionLimiter(IOptions<RelayOptions> options)
{
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private int _open;

    /// <summary>The limit on all connections.</summary>
    public int Limit { get; } = options.Value.MaxConnections;

    /// <summary>The limit on the connections of one address.</summary>
    public int LimitPerAddress { get; } = options.Value.MaxConnectionsPerAddress;

    /// <summary>Counts a connection in; every call is paired with <see cref="Leave"/>, whatever it returned.</summary>
    public ConnectionAdmission Enter(IPAddress address)
    {
        var open = Interlocked.Increment(ref _open);
        var here = _perAddress.AddOrUpdate(address, 1, static (_, count) => count + 1);
        if (open > Limit)
        {
            return ConnectionAdmission.TooMany;
        }

        return here > LimitPerAddress ? ConnectionAdmission.TooManyFromAddress : ConnectionAdmission.Admitted;
    }

    /// <summary>Counts a connection out.</summary>
    public void Leave(IPAddress address)
    {
        Interlocked.Decrement(ref _open);
        var left = _perAddress.AddOrUpdate(address, 0, static (_, count) => count - 1);
        if (left <= 0)
        {
            // Removed only if nobody came in between: the pair has to match.
            _perAddress.TryRemove(new KeyValuePair<IPAddress, int>(address, left));
        }
    }
}
