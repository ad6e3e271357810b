using System.Net;
using Relay.Delivery.Tests.Lab;
using Relay.Dns;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Transport;

public class HostOrderTests
{
    private static readonly MxBehavior Polite = new();

    [Fact] // SMTP-06, RFC 5321 §5.1
    public async Task Deliver_BestHostTakesIt_OthersAreNotAsked()
    {
        await using var lab = new DeliveryLab();
        var second = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);
        var first = lab.StartMx("a.test", "mx1.a.test", Polite, preference: 10);

        var delivered = (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.Equal("mx1.a.test", delivered.Hop.Host);
        Assert.Equal(first.EndPoint.Address, delivered.Hop.Address);
        Assert.Equal(250, delivered.Reply.Code);
        Assert.Empty(second.Connections);
    }

    [Fact] // SMTP-02, RFC 5321 §5.1
    public async Task Deliver_DomainWithAddressOnly_IsDeliveredThere()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartHost("a.test", Polite);

        (await lab.DeliverAsync("a.test")).AssertDelivered();

        await host.SingleMessageAsync();
    }

    [Fact] // SMTP-03, RFC 5321 §5.1; SMTP-01
    public async Task Deliver_AllMxHostsDown_DoesNotConnectToTheDomainItself()
    {
        await using var lab = new DeliveryLab();
        var domain = lab.StartHost("a.test", Polite);
        lab.Dns.AddMx("a.test", 10, "mx.a.test").AddAddress("mx.a.test", DeliveryLab.NewAddress());

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.1");

        Assert.Empty(domain.Connections);
        Assert.Equal(("a.test", DnsRecordType.Mx), lab.Dns.Queries.First());
        Assert.DoesNotContain(("a.test", DnsRecordType.A), lab.Dns.Queries);
    }

    [Fact] // SMTP-08, SMTP-09, RFC 5321 §5.1
    public async Task Deliver_FirstAddressRefuses_SecondTakesIt()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddAddress("mx.a.test", DeliveryLab.NewAddress());
        var second = lab.StartMx("a.test", "mx.a.test", Polite);

        var delivered = (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.Equal(second.EndPoint.Address, delivered.Hop.Address);
    }

    [Theory] // SMTP-20, RFC 5321 §4.1.1.1, §4.1.4: a qualified name, or else the address
    [InlineData("relay.lab.test", "EHLO relay.lab.test")]
    [InlineData("relay", "EHLO [127.0.0.1]")]
    public async Task Deliver_OwnName_IsSaidWhereItIsQualified(string name, string hello)
    {
        await using var lab = new DeliveryLab { HostName = name };
        lab.Settings["Delivery:BindAddresses:0"] = "127.0.0.1";
        var host = lab.StartMx("a.test", "mx.a.test", Polite);

        (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.Equal(hello, host.Commands[0].Line);
    }

    [Fact] // SMTP-10, RFC 5321 §5.2
    public async Task Deliver_HostWithIpv6Only_IsReached()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var lab = new DeliveryLab();
        lab.StartHost("mx.a.test", Polite, IPAddress.IPv6Loopback);
        lab.Dns.AddMx("a.test", 10, "mx.a.test");

        var delivered = (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.Equal(IPAddress.IPv6Loopback, delivered.Hop.Address);
    }

    [Fact] // SMTP-10, RFC 5321 §5.2
    public async Task Deliver_OneFamilyUnreachable_OtherIsTried()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite);
        lab.Dns.AddAddress("mx.a.test", IPAddress.Parse("2001:db8::1"));

        (await lab.DeliverAsync("a.test")).AssertDelivered();
    }

    [Fact] // SMTP-12, RFC 5321 §5.1
    public async Task Deliver_MxWithoutAddresses_IsBounced()
    {
        await using var lab = new DeliveryLab();
        var domain = lab.StartHost("a.test", Polite);
        lab.Dns.AddMx("a.test", 10, "nowhere.test");

        Assert.Equal("no-address", (await lab.DeliverAsync("a.test")).AssertBounced("5.4.4").Reason);
        Assert.Empty(domain.Connections);
    }

    [Fact] // SMTP-12: what one host's DNS cannot tell now may be told later
    public async Task Deliver_OneMxWithoutAddressAndOneUnknown_IsDeferred()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 10, "unknown.test").AddMx("a.test", 20, "nowhere.test")
            .Fail("unknown.test", DnsRecordType.A, DnsStatus.ServerFailure)
            .Fail("unknown.test", DnsRecordType.Aaaa, DnsStatus.Timeout);

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.3");
    }

    [Theory] // RFC 5321 §3.1, choice 24
    [InlineData("421 4.3.2 Later", "4.3.2")]
    [InlineData("554 5.7.1 No service", "4.3.2")]
    public async Task Deliver_GreetingRefuses_NextHostIsTried(string greeting, string status)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx1.a.test", Polite.At(MxRule.Connect, MxAction.ReplyAndClose(greeting)), 10);
        lab.StartMx("b.test", "mx1.b.test", Polite.At(MxRule.Connect, MxAction.ReplyAndClose(greeting)), 10);
        lab.StartMx("b.test", "mx2.b.test", Polite, 20);

        Assert.NotNull((await lab.DeliverAsync("a.test")).AssertDeferred(status).Reply);
        (await lab.DeliverAsync("b.test")).AssertDelivered();
    }

    [Fact] // SMTP-18, RFC 5321 §4.1.3
    public async Task Deliver_AddressLiteral_ConnectsDirectly()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:AllowAddressLiterals"] = "true";
        var host = lab.StartHost("unused.test", Polite);

        var delivered = (await lab.DeliverAsync($"[{host.EndPoint.Address}]")).AssertDelivered();

        Assert.Equal($"[{host.EndPoint.Address}]", delivered.Hop.Host);
        Assert.Equal($"ann@[{host.EndPoint.Address}]", Assert.Single((await host.SingleMessageAsync()).Recipients));
    }

    [Fact] // SMTP-51, RFC 5321 §4.5.4.1
    public async Task Deliver_HundredMessagesToADeadHost_ConnectOnce()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost("unused.test", Polite);
        var address = DeliveryLab.NewAddress();
        lab.Dns.AddMx("a.test", 10, "mx.a.test").AddAddress("mx.a.test", address);

        Assert.Equal("connect-failed", (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.1").Reason);
        var revived = lab.StartHost("other.test", Polite, address);
        for (var i = 0; i < 99; i++)
        {
            Assert.Equal("known-unreachable", (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.1").Reason);
        }

        Assert.Empty(revived.Connections);
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        (await lab.DeliverAsync("a.test")).AssertDelivered();
    }

    [Fact] // bounded work: a remote party's zone cannot keep an attempt busy without end
    public async Task Deliver_ZoneFullOfDeadHosts_EndsAfterTwentyConnections()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost("unused.test", Polite);
        for (var i = 0; i < 20; i++)
        {
            lab.Dns.AddMx("a.test", i, $"mx{i}.test")
                .AddAddress($"mx{i}.test", DeliveryLab.NewAddress()).AddAddress($"mx{i}.test", DeliveryLab.NewAddress());
        }

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.1");

        Assert.Equal(20, lab.Log.Named("host-failed").Count);
    }

    [Fact] // bounded time: hosts that keep us waiting hold an attempt for an hour and what they have begun, not for a day
    public async Task Deliver_HostsThatNeverGreet_EndTheAttemptAfterAnHour()
    {
        await using var lab = new DeliveryLab();
        var hosts = Enumerable.Range(0, 20)
            .Select(i => lab.StartMx("a.test", $"mx{i}.a.test", Polite.At(MxRule.Connect, MxAction.Stall), preference: i))
            .ToList();

        var delivering = lab.DeliverAsync("a.test");
        foreach (var host in hosts.Take(12))
        {
            await host.WaitForStallsAsync(1, TestContext.Current.CancellationToken);
            await lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
            lab.Clock.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal("timed-out", (await delivering).AssertDeferred("4.4.1").Reason);
        Assert.All(hosts.Skip(12), host => Assert.Empty(host.Connections));
    }

    [Fact] // the time limit of a connection is ours, and becomes an outcome
    public async Task Deliver_GreetingDoesNotCome_IsDeferredAfterFiveMinutes()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite.At(MxRule.Connect, MxAction.Stall));

        var delivering = lab.DeliverAsync("a.test");
        await host.WaitForStallsAsync(1, TestContext.Current.CancellationToken);
        await lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        lab.Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal("timed-out", (await delivering).AssertDeferred("4.4.2").Reason);
    }
}
