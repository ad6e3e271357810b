using Relay.Tls;

namespace Relay.Delivery.Transport;

/// <summary>What a connection is opened for.</summary>
internal sealed record ConnectRequest(DeliveryAttempt Attempt, MxHost Host, PoolKey Key)
{
    public string Address => Key.Address.ToString();

    public HopFacts Hop(TlsFacts? tls) => new(Host.ToString(), Key.Address, tls);

    /// <summary>Leaves the record of a session on the attempt.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="isFirstUse">False where another record already counts this session: clear after a failed
    /// handshake.</param>
    /// <param name="isUsable">False where the connection is dead, whatever the requirement.</param>
    public void Leave(HostConnection connection, bool isFirstUse, bool isUsable = true)
    {
        connection.StartServing(Attempt.PolicyDomain);
        var record = connection.ToRecord(Host, isFirstUse);
        Attempt.Sessions.Add(isUsable ? record : record with { SatisfiesRequirement = false });
    }
}
