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
        limiter.Leave(Ann);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Bob));
    }

    [Fact] // HARD-15
    public void Enter_OverTheLimitOfOneNetwork_OtherNetworksStillComeIn()
    {
        var limiter = Make(total: 10, perAddress: 2, perNetwork: 3);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Bob));
        Assert.Equal(ConnectionAdmission.TooManyFromNetwork, limiter.Enter(Bob));
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(IPAddress.Parse("192.0.3.1")));
        limiter.Leave(Ann);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Bob));
    }

    [Fact] // HARD-15: the turned away hold no place
    public void Enter_Refused_IsNotCounted()
    {
        var limiter = Make(total: 3, perAddress: 1);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(ConnectionAdmission.TooManyFromAddress, limiter.Enter(Ann));
        }

        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Bob));
        limiter.Leave(Ann);
        Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(Ann));
    }

    [Fact] // HARD-15: remote parties from however many addresses leave room for the relay's own clients
    public void Enter_UnknownClientsTakeAllTheyCan_TrustedNetworksStillComeIn()
    {
        var limiter = Make(total: 100, perAddress: 100);
        var admitted = Enumerable.Range(0, 200)
            .Count(i => limiter.Enter(new IPAddress([192, 0, (byte)i, 1])) == ConnectionAdmission.Admitted);
        Assert.Equal(90, admitted);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(ConnectionAdmission.Admitted, limiter.Enter(IPAddress.Loopback));
        }

        Assert.Equal(ConnectionAdmission.TooMany, limiter.Enter(IPAddress.Loopback));
    }

    private static ConnectionLimiter Make(int total, int perAddress, int perNetwork = 1000) => new(Options.Create(new RelayOptions
    {
        MaxConnections = total,
        MaxConnectionsPerAddress = perAddress,
        MaxConnectionsPerNetwork = perNetwork,
    }));
}
