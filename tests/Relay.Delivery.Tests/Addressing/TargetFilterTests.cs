using System.Net;
using Relay.Delivery.Addressing;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;
using Relay.Mail;

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

    [Theory] // other ports of the machine are for labs, and for whom the operator names, as its network is
    [InlineData("true", false, false)]
    [InlineData("false", false, true)]
    [InlineData("false", true, false)]
    public async Task Filter_AddressesOfTheMachine_ArePrivateOutsideALab(string allowsLoopback, bool isNextHop, bool isPrivate)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:AllowLoopback"] = allowsLoopback;
        var own = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address);

        Assert.All(own, address => Assert.Equal(isPrivate, lab.Get<TargetFilter>().IsPrivate(address, new MxHost(address, 25) { IsNextHop = isNextHop })));
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

    [Theory] // RFC 1918 §3, RFC 6890 §2.2.2: a remote party's zone does not lead into the operator's network
    [InlineData("10.0.0.1")]
    [InlineData("172.16.3.4")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("fd00::1")]
    [InlineData("fe80::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    public async Task Deliver_MxInsideANetwork_WaitsWithoutConnection(string address)
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 10, "mx.a.test").AddAddress("mx.a.test", IPAddress.Parse(address));
        lab.Settings["Relay:AllowAddressLiterals"] = "true";

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Equal("target-refused", attempt.AssertDeferred("4.4.4").Reason);
        Assert.Empty(attempt.Sessions);
        var literal = IPAddress.Parse(address) is { IsIPv4MappedToIPv6: false } plain ? AddressLiteral.Of(plain) : "[10.0.0.1]";
        Assert.Equal("target-refused", (await lab.DeliverAsync(literal)).AssertBounced("5.4.4").Reason);
    }

    [Fact] // what else the host has is used
    public async Task Deliver_MxWithAnAddressInsideAndOneOutside_GoesOutside()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddAddress("mx.a.test", IPAddress.Parse("10.0.0.1"));
        var host = lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        (await lab.DeliverAsync("a.test")).AssertDelivered();
        Assert.Single(host.Connections);
    }

    [Theory] // whom the operator named, or said may be anywhere
    [InlineData("10.0.0.1", "false", true, false)]
    [InlineData("10.0.0.1", "false", false, true)]
    [InlineData("10.0.0.1", "true", false, false)]
    [InlineData("9.9.9.9", "false", false, false)]
    [InlineData("2620:fe::fe", "false", false, false)]
    public async Task Filter_PrivateAddress_IsForWhomTheOperatorNames(string address, string allowed, bool isNextHop, bool isPrivate)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:AllowPrivateHosts"] = allowed;

        var host = new MxHost(IPAddress.Parse(address), 25) { IsNextHop = isNextHop };
        Assert.Equal(isPrivate, lab.Get<TargetFilter>().IsPrivate(host.LiteralAddress!, host));
    }

    [Theory] // RPT-54, RFC 8460 §7: what a remote party's record chose, unless the operator named the host
    [InlineData("10.0.0.1", false, true)]
    [InlineData("127.0.0.1", false, true)]
    [InlineData("10.0.0.1", true, false)]
    [InlineData("9.9.9.9", false, false)]
    public async Task Filter_HostThatMustBePublic_IsPrivateWhateverIsAllowed(string address, bool isNextHop, bool isPrivate)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:AllowPrivateHosts"] = "true";

        var host = new MxHost(IPAddress.Parse(address), 25) { IsNextHop = isNextHop };
        host.RequirePublicAddress();
        Assert.Equal(isPrivate, lab.Get<TargetFilter>().IsPrivate(host.LiteralAddress!, host));
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
