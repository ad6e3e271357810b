using System.Net;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Reception;

namespace Relay.Tests.Reception;

public sealed class ConnectionLimiterTests
{
    private static readonly IPAddress Ann = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Bob = IPAddress.Parse("192.0.2.2");

    [Fact] // HARD-15
    public void Enter_OverTheLimitOfOneAddress_OthersStillComeIn()
    {
        var limiter = Make(total: 10, perAddress: 2);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
        Assert.Equal(ConnectionAdmission.TooManyFromAddress, limiter.Enter(Ann));
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Bob));
    }

    [Fact] // HARD-15
    public void Enter_OverTheTotal_IsRefusedUntilSomebodyLeaves()
    {
        var limiter = Make(total: 1, perAddress: 2);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
        Assert.Equal(ConnectionAdmission.TooMany, limiter.Enter(Bob));
        limiter.Leave(Bob);
        limiter.Leave(Ann);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Bob));
    }

    private static ConnectionLimiter Make(int total, int perAddress) =>
        new(Options.Create(new RelayOptions { MaxConnections = total, MaxConnectionsPerAddress = perAddress }));
}
