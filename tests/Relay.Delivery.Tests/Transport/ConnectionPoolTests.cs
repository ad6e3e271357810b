using Relay.Delivery.Tests.Lab;
using Relay.Delivery.Transport;
using Relay.Lab.Mx;
using Relay.Mail;

namespace Relay.Delivery.Tests.Transport;

public class ConnectionPoolTests
{
    private const string Host = "mx.a.test";

    [Fact] // E98, RFC 8460 §4.2: counted once per connection and policy domain
    public async Task Pool_SecondMessage_ReusesTheConnectionAndIsCountedOncePerDomain()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, lab.WithTls(Host));
        lab.Dns.AddMx("b.test", 10, Host);

        var first = await lab.DeliverAsync("a.test");
        var second = await lab.DeliverAsync("a.test");
        var other = await lab.DeliverAsync("b.test");
        var otherAgain = await lab.DeliverAsync("b.test");

        Assert.Single(host.Connections);
        Assert.Equal(
            [true, false, true, false],
            new[] { first, second, other, otherAgain }.Select(attempt => Assert.Single(attempt.Sessions).IsFirstUse));
        Assert.Equal("mx.a.test", second.Sessions[0].PeerHelloName);
        Assert.Equal(first.Sessions[0].Tls, second.Sessions[0].Tls);
    }

    [Theory] // HARD-14, RFC 3207 §4.1: what an idle connection proved is judged again
    [InlineData("clear", "Encrypted")]
    [InlineData("clear", "VerifiedPkix")]
    [InlineData("unverified", "VerifiedPkix")]
    public async Task Pool_ConnectionProvedLess_DoesNotServeTheDemand(string proved, string demand)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "strict.test";
        lab.Settings["Relay:Routes:0:Tls"] = demand;
        var host = lab.StartMx("a.test", Host, proved == "clear"
            ? new MxBehavior()
            : new MxBehavior { Certificate = lab.Authority.IssueSelfSigned(Host) });
        lab.Dns.AddMx("strict.test", 10, Host);

        (await lab.DeliverAsync("a.test")).AssertDelivered();
        var refused = await lab.DeliverAsync("strict.test");
        host.Behavior = lab.WithTls(Host);
        var delivered = await lab.DeliverAsync("strict.test");
        var again = await lab.DeliverAsync("strict.test");

        Assert.IsType<DeliveryOutcome.Deferred>(refused.Recipients[0].Outcome);
        Assert.True(delivered.AssertDelivered().Hop.Tls!.Verdict.IsVerified);
        Assert.True(again.AssertDelivered().Hop.Tls!.Verdict.IsVerified);
        Assert.Equal(3, host.Connections.Count);
        Assert.DoesNotContain(
            host.Connections[0].Commands, command => command.Line.Contains("strict.test", StringComparison.Ordinal));
    }

    [Theory] // HARD-14: a connection that proved enough serves also where no less was asked for when it was made
    [InlineData("Encrypted")]
    [InlineData("VerifiedPkix")]
    public async Task Pool_OpportunisticConnectionThatVerified_ServesTheDemand(string demand)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "strict.test";
        lab.Settings["Relay:Routes:0:Tls"] = demand;
        var host = lab.StartMx("a.test", Host, lab.WithTls(Host));
        lab.Dns.AddMx("strict.test", 10, Host);

        await lab.DeliverAsync("a.test");
        (await lab.DeliverAsync("strict.test")).AssertDelivered();

        Assert.Single(host.Connections);
    }

    [Fact] // HARD-14: verified for one name is nothing for another name at the same address
    public async Task Pool_SameAddressOtherName_IsAConnectionOfItsOwn()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, lab.WithTls(Host));
        lab.Dns.AddMx("b.test", 10, "mx.b.test").AddAddress("mx.b.test", host.EndPoint.Address);

        await lab.DeliverAsync("a.test");
        var other = await lab.DeliverAsync("b.test");

        Assert.False(other.AssertDelivered().Hop.Tls!.Verdict.IsVerified);
        Assert.Equal(["mx.a.test", "mx.b.test"], host.Connections.Select(connection => connection.ServerName));
    }

    [Fact] // RFC 5321 §3.8: the server may close an idle connection
    public async Task Pool_ServerClosedTheIdleConnection_NextMessageGoesOnAFreshOne()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, new MxBehavior());
        host.ForNextConnection(new MxBehavior().At(MxRule.EndOfData, MxAction.ReplyAndClose("250 2.0.0 Ok")));

        (await lab.DeliverAsync("a.test")).AssertDelivered();
        await host.Connections[0].Ended;
        var second = await lab.DeliverAsync("a.test");

        second.AssertDelivered();
        Assert.Equal(2, host.Connections.Count);
    }

    [Theory] // RFC 5321 §3.8: a stale connection is no failure
    [InlineData("421 4.4.2 Idle too long")]
    [InlineData("")]
    public async Task Pool_StaleConnectionAtMail_IsReplacedWithoutAFailure(string closingReply)
    {
        await using var lab = new DeliveryLab();
        var action = closingReply.Length == 0 ? MxAction.Close : MxAction.ReplyAndClose(closingReply);
        var host = lab.StartMx("a.test", Host, new MxBehavior());
        host.ForNextConnection(new MxBehavior().At("MAIL", "second@", action));

        (await lab.RunAsync(From(lab, "first"))).AssertDelivered();
        (await lab.RunAsync(From(lab, "second"))).AssertDelivered();

        Assert.Equal(2, host.Connections.Count);
        Assert.Empty(lab.Log.Named("host-failed"));
    }

    [Fact]
    public async Task Pool_IdleForAMinute_ConnectionSaysQuit()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, new MxBehavior());

        await lab.DeliverAsync("a.test");
        lab.Clock.Advance(TimeSpan.FromSeconds(70));
        await host.WaitForCommandsAsync("QUIT", 1, TestContext.Current.CancellationToken);
        await lab.DeliverAsync("a.test");

        Assert.Equal(2, host.Connections.Count);
    }

    [Fact] // Backlog: what hundreds of hosts were served over stands idle for a minute, and fresh mail needs connections meanwhile
    public async Task Pool_Full_TheLongestIdleMakesRoom()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:MaxConcurrency"] = "2";
        var hosts = Enumerable.Range(0, 3).Select(number => lab.StartMx($"d{number}.test", $"mx.d{number}.test", new MxBehavior())).ToList();

        foreach (var number in (int[])[0, 1, 2, 2, 1])
        {
            (await lab.DeliverAsync($"d{number}.test")).AssertDelivered();
        }

        await hosts[0].WaitForCommandsAsync("QUIT", 1, TestContext.Current.CancellationToken);
        Assert.All(hosts, host => Assert.Single(host.Connections));
    }

    [Fact]
    public async Task Pool_HundredTransactions_ConnectionIsReplaced()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, new MxBehavior());

        for (var i = 0; i < 101; i++)
        {
            (await lab.DeliverAsync("a.test")).AssertDelivered();
        }

        Assert.Equal(2, host.Connections.Count);
    }

    [Fact]
    public async Task Pool_RefusedRecipient_ConnectionServesTheNextMessage()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, new MxBehavior().At("RCPT", "never@", MxAction.Reply("550 5.1.1 Never")));

        (await lab.DeliverAsync("a.test", "never")).AssertBounced("5.1.1");
        (await lab.DeliverAsync("a.test", "ann")).AssertDelivered();

        Assert.Single(host.Connections);
    }

    [Fact]
    public async Task Pool_Disposed_SaysQuit()
    {
        LabMx host;
        await using (var lab = new DeliveryLab())
        {
            host = lab.StartMx("a.test", Host, new MxBehavior());
            await lab.DeliverAsync("a.test");
            await lab.Get<ConnectionPool>().DisposeAsync();
            Assert.Equal("QUIT", host.Commands[^1].Verb);
        }
    }

    private static DeliveryAttempt From(DeliveryLab lab, string sender) => lab.Attempt(
        "a.test", ["ann"], mail: new(new(new Mailbox(sender, "corp.example"))));
}
