using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Tls;

public class OpportunisticTlsTests
{
    private const string Host = SessionVectors.Host;

    [Fact] // TLS-06, TLS-10, RFC 3207 §4, RFC 7435 §3
    public async Task Deliver_HandshakeFails_GoesInClearOnANewConnectionAndIsCountedOnce()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, lab.WithTls(Host) with { Handshake = MxHandshake.Garbage });

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Null(attempt.AssertDelivered().Hop.Tls);
        Assert.Equal(3, host.Connections.Count);
        Assert.All(host.Connections.Take(2), connection => Assert.Equal("STARTTLS", connection.Commands[^1].Verb));
        Assert.DoesNotContain(host.Connections[2].Commands, command => command.Verb == "STARTTLS");
        Assert.Equal([true, false], attempt.Sessions.Select(session => session.IsFirstUse));
        Assert.Equal([false, true], attempt.Sessions.Select(session => session.SatisfiesRequirement));
        Assert.All(attempt.Sessions, session => Assert.Equal(TlsSessionResult.HandshakeFailed, session.Result));
        var lines = lab.Log.Named("tls-failed");
        Assert.Equal(2, lines.Count);
        Assert.All(lines, line => Assert.Contains("does not answer in TLS", line.Fields["Text"], StringComparison.Ordinal));
    }

    [Fact] // TLS-10: the failure is remembered for a quarter of an hour, and for what is opportunistic only
    public async Task Deliver_HandshakeFailedLately_GoesStraightToClear()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "strict.test";
        lab.Settings["Relay:Routes:0:Tls"] = "Encrypted";
        var host = lab.StartMx("a.test", Host, (lab.WithTls(Host) with { Handshake = MxHandshake.CloseInstead })
            .At("MAIL", "once@", MxAction.ReplyAndClose("250 2.1.0 Ok")));
        lab.Dns.AddMx("b.test", 10, Host).AddMx("strict.test", 10, Host);

        await lab.DeliverAsync("a.test");
        lab.Clock.Advance(TimeSpan.FromMinutes(14));
        host.Behavior = lab.WithTls(Host);
        var remembered = await lab.DeliverAsync("b.test");
        var strict = await lab.DeliverAsync("strict.test");
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        var forgotten = await lab.DeliverAsync("b.test");

        Assert.Null(remembered.AssertDelivered().Hop.Tls);
        Assert.True(Assert.Single(remembered.Sessions).IsFirstUse);
        Assert.Equal(TlsSessionResult.HandshakeFailed, remembered.Sessions[0].Result);
        Assert.NotNull(strict.AssertDelivered().Hop.Tls);
        Assert.NotNull(forgotten.AssertDelivered().Hop.Tls);
    }

    [Fact] // row tls-handshake-timeout
    public async Task Deliver_HandshakeStalls_GoesInClearAfterTheLimit()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, lab.WithTls(Host));
        host.ForNextConnection(lab.WithTls(Host) with { Handshake = MxHandshake.Stall });

        var delivering = lab.DeliverAsync("a.test");
        await host.WaitForStallsAsync(1, TestContext.Current.CancellationToken);
        await lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        lab.Clock.Advance(TimeSpan.FromMinutes(1));

        var attempt = await delivering;
        Assert.Null(attempt.AssertDelivered().Hop.Tls);
        Assert.Equal("timeout-during-handshake", attempt.Sessions[0].Reason);
    }

    [Fact] // E75, RFC 8446 §4.4.2.4: a late alert turns success into failure
    public async Task Deliver_ServerRefusesClientAfterTheHandshake_CountsAsAFailedHandshake()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", Host, lab.WithTls(Host) with { Handshake = MxHandshake.CloseAfter });

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Null(attempt.AssertDelivered().Hop.Tls);
        Assert.Equal(TlsSessionResult.HandshakeFailed, Assert.Single(attempt.Sessions, session => session.IsFirstUse).Result);
    }

    [Fact] // HARD-08, RFC 3207 §4.2, choice 22: in every mode
    public async Task Deliver_PlaintextInjected_NextHostIsTriedAndNothingGoesInClear()
    {
        await using var lab = new DeliveryLab();
        var bad = lab.StartMx("a.test", Host, lab.WithTls(Host) with { InjectedAfterStartTls = "250 mx\r\n" });
        var good = lab.StartMx("a.test", "mx2.a.test", lab.WithTls("mx2.a.test"), preference: 20);

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Equal(good.EndPoint.Address, attempt.AssertDelivered().Hop.Address);
        Assert.Equal(TlsSessionResult.PlaintextInjected, attempt.Sessions[0].Result);
        Assert.Single(bad.Connections);
        Assert.DoesNotContain(bad.Commands, command => command.Verb == "MAIL");
    }

    [Theory] // TLS-10, RFC 3207 §4: a refusal leaves the connection usable in clear
    [InlineData("454 4.7.0 Not now", "starttls-reply-454")]
    [InlineData("554 5.7.0 Never", "starttls-reply-554")]
    public async Task Deliver_StartTlsRefused_GoesOnInClearOnThatConnection(string reply, string reason)
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, lab.WithTls(Host).At("STARTTLS", MxAction.Reply(reply)));

        var attempt = await lab.DeliverAsync("a.test");

        attempt.AssertDelivered();
        Assert.Single(host.Connections);
        Assert.Equal(reason, Assert.Single(attempt.Sessions).Reason);
    }

    [Fact] // TLS-08, RFC 3207 §6: any certificate will do, clear will not
    public async Task Deliver_EncryptionDemanded_TakesAnyCertificateAndNeverClear()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "*.strict.test";
        lab.Settings["Relay:Routes:0:Tls"] = "Encrypted";
        lab.StartMx("a.strict.test", "mx.a.test", new MxBehavior { Certificate = lab.Authority.IssueSelfSigned("x.test") });
        var plain = lab.StartMx("b.strict.test", "mx.b.test", new MxBehavior());

        Assert.NotNull((await lab.DeliverAsync("a.strict.test")).AssertDelivered().Hop.Tls);
        (await lab.DeliverAsync("b.strict.test")).AssertDeferred("4.7.10");
        Assert.Equal("QUIT", plain.Commands[^1].Verb);
    }

    [Fact] // E59: one host with a bad certificate does not stop mail to the next
    public async Task Deliver_FirstHostHasABadCertificate_SecondTakesIt()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "a.test";
        lab.Settings["Relay:Routes:0:Tls"] = "VerifiedPkix";
        lab.StartMx("a.test", Host, new MxBehavior { Certificate = lab.Authority.IssueExpired(Host) });
        var good = lab.StartMx("a.test", "mx2.a.test", lab.WithTls("mx2.a.test"), preference: 20);

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Equal(good.EndPoint.Address, attempt.AssertDelivered().Hop.Address);
        Assert.Equal([false, true], attempt.Sessions.Select(session => session.SatisfiesRequirement));
    }
}
