using System.Net;
using Relay.Delivery.Addressing;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Addressing;

public class TargetFilterTests
{
    [Theory] // RFC 5321 §5.1; RFC 1122 §3.2.1.3
    [InlineData("127.0.0.1", false)]
    [InlineData("127.9.9.9", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.1.2.3", false)]
    [InlineData("::", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("ff02::1", false)]
    [InlineData("198.51.100.7", false)]
    [InlineData("192.0.2.1", true)]
    [InlineData("10.0.0.1", true)]
    [InlineData("2001:db8::1", true)]
    public async Task Filter_Addresses_ThisMachineAndNoHostAreRefused(string address, bool allowed)
    {
        await using var lab = new DeliveryLab { Listeners = [new IPEndPoint(IPAddress.Parse("198.51.100.7"), 25)] };
        lab.Settings["Delivery:AllowLoopback"] = "false";

        Assert.Equal(allowed, !lab.Get<TargetFilter>().IsForbidden(IPAddress.Parse(address), 25));
    }

    [Fact]
    public async Task Filter_ListenerOnEveryAddress_RefusesAllOfTheMachine()
    {
        await using var lab = new DeliveryLab { Listeners = [new IPEndPoint(IPAddress.Any, 25)] };
        lab.Settings["Delivery:AllowLoopback"] = "false";
        var own = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address);

        Assert.All(own, address => Assert.True(lab.Get<TargetFilter>().IsForbidden(address, 25)));
    }

    [Fact]
    public async Task Deliver_MxOnLoopbackOutsideALab_IsRefusedWithoutConnection()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:AllowLoopback"] = "false";
        var host = lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        Assert.Equal("target-refused", (await lab.DeliverAsync("a.test")).AssertBounced("5.4.6").Reason);
        Assert.Empty(host.Connections);
    }

    [Fact] // Delivery:BindAddresses
    public async Task Deliver_BindAddress_IsTheSource()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:BindAddresses:0"] = "127.77.0.1";
        var host = lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        var attempt = await lab.DeliverAsync("a.test");

        attempt.AssertDelivered();
        Assert.Equal("127.77.0.1", Assert.Single(host.Connections).Remote.Address.ToString());
        Assert.Equal("127.77.0.1", Assert.Single(attempt.Sessions).LocalAddress.ToString());
    }
}
