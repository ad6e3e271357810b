using System.Net.Security;
using System.Security.Authentication;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;
using Relay.Tls;

namespace Relay.Delivery.Tests.Tls;

/// <summary>Hosts that speak nothing newer: encrypted where nothing is demanded, and never taken for more than they are.</summary>
public class OldHostTests
{
    private const string Host = SessionVectors.Host;

    // Spelt as a number, for the name is obsolete.
    private const SslProtocols Tls10 = (SslProtocols)192;

    [Theory] // RFC 7435 §3, RFC 9325 §4.2: the first hello offers them, so that they serve a demand too
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)]
    public async Task Deliver_OldSuiteWithForwardSecrecy_IsEncryptedAndServesADemand(TlsCipherSuite suite)
    {
        await using var lab = new DeliveryLab();
        Demand(lab, "VerifiedPkix");
        var host = lab.StartMx("a.test", Host, Speaking(lab, suite));
        lab.Dns.AddMx("strict.test", 10, Host);

        Assert.Equal(suite, (await lab.DeliverAsync("a.test")).AssertDelivered().Hop.Tls!.CipherSuite);
        Assert.True((await lab.DeliverAsync("strict.test")).AssertDelivered().Hop.Tls!.Verdict.IsVerified);
        Assert.Single(host.Connections);
    }

    [Theory] // RFC 7435 §3, RFC 3207 §4: a new connection with a longer list, before clear text
    [InlineData(TlsCipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA)]
    [InlineData(TlsCipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA256)]
    [InlineData(TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384)]
    public async Task Deliver_KeyExchangeByRsaAlone_IsEncryptedOnTheSecondConnection(TlsCipherSuite suite)
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, Speaking(lab, suite));

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Equal(suite, attempt.AssertDelivered().Hop.Tls!.CipherSuite);
        Assert.Equal(["EHLO", "STARTTLS"], host.Connections[0].Commands.Select(command => command.Verb));
        Assert.True((await host.SingleMessageAsync()).IsTls);
        // RFC 8460 §4.3: under a policy this host would fail, and so the reports say.
        Assert.Equal([true, false], attempt.Sessions.Select(session => session.IsFirstUse));
        Assert.All(attempt.Sessions, session => Assert.Equal(
            (TlsSessionResult.HandshakeFailed, "tls-alert-handshake-failure", null), (session.Result, session.Reason, session.Tls)));
        var line = Assert.Single(lab.Log.Named("tls-failed"));
        Assert.Contains("no cipher suite", line.Fields["Text"], StringComparison.Ordinal);
    }

    [Theory] // HARD-14: an attacker can cause the second connection; what it gives proves nothing
    [InlineData("Encrypted")]
    [InlineData("VerifiedPkix")]
    public async Task Deliver_KeyExchangeByRsaUnderADemand_IsNeverUsed(string demand)
    {
        await using var lab = new DeliveryLab();
        Demand(lab, demand);
        var host = lab.StartMx("a.test", Host, Speaking(lab, TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384));
        lab.Dns.AddMx("strict.test", 10, Host);

        (await lab.DeliverAsync("strict.test")).AssertDeferred("4.7.5");
        Assert.Single(host.Connections);

        // And not by way of a connection that another message left open.
        (await lab.DeliverAsync("a.test")).AssertDelivered();
        (await lab.DeliverAsync("strict.test")).AssertDeferred("4.7.5");
        Assert.NotNull((await lab.DeliverAsync("a.test")).AssertDelivered().Hop.Tls);
        Assert.Equal(4, host.Connections.Count);
        Assert.Single(host.Connections, connection => connection.Commands.Any(command => command.Verb == "MAIL"));
    }

    [Fact] // the way that worked is remembered for a quarter of an hour
    public async Task Deliver_KeyExchangeByRsaLately_BeginsWithTheLongerList()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, Speaking(lab, TlsCipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA)
            .At("MAIL", "once@", MxAction.ReplyAndClose("250 2.1.0 Ok")));

        await lab.DeliverAsync("a.test");
        lab.Clock.Advance(TimeSpan.FromMinutes(14));
        var remembered = await lab.DeliverAsync("a.test");

        Assert.NotNull(remembered.AssertDelivered().Hop.Tls);
        Assert.Equal(3, host.Connections.Count);
        Assert.Equal((TlsSessionResult.HandshakeFailed, true), (remembered.Sessions[0].Result, remembered.Sessions[0].IsFirstUse));

        host.Behavior = lab.WithTls(Host);
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(TlsSessionResult.Established, Assert.Single((await lab.DeliverAsync("a.test")).Sessions).Result);
    }

    [Fact] // RFC 9325 §4.1: what does not encrypt is in no hello
    public async Task Deliver_SuitesWithoutEncryptionAlone_GoesInClear()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, Speaking(lab, TlsCipherSuite.TLS_RSA_WITH_NULL_SHA256) with { IsLax = true });

        Assert.Null((await lab.DeliverAsync("a.test")).AssertDelivered().Hop.Tls);
        Assert.Equal(3, host.Connections.Count);
    }

    [Fact] // RFC 7435 §3: a short key is better than none
    public async Task Deliver_RsaKeyOf1024Bits_IsEncryptedAndNotVerified()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", Host, new MxBehavior { Certificate = lab.Authority.IssueRsa(1024, Host), IsLax = true });

        var session = Assert.Single((await lab.DeliverAsync("a.test")).Sessions);

        Assert.Equal(CertificateFaults.NotTrusted, session.Tls!.Verdict.Faults);
        Assert.Equal("weak-signature-or-key", session.Reason);
        Assert.Single(host.Connections);
    }

    [Theory] // TLS-14, RFC 8996 §4: only where an operator prefers it to clear text, and never under a demand
    [InlineData("false")]
    [InlineData("true")]
    public async Task Deliver_Tls10Alone_IsAnOptionAndNeverServesADemand(string allowed)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Delivery:AllowTls10"] = allowed;
        Demand(lab, "Encrypted");
        var host = lab.StartMx("a.test", Host, new MxBehavior
        {
            Certificate = lab.Authority.IssueRsa(1024, Host),
            Protocols = Tls10,
            IsLax = true,
        });
        lab.Dns.AddMx("strict.test", 10, Host);

        (await lab.DeliverAsync("strict.test")).AssertDeferred("4.7.5");
        Assert.Single(host.Connections);
        var tls = (await lab.DeliverAsync("a.test")).AssertDelivered().Hop.Tls;
        (await lab.DeliverAsync("strict.test")).AssertDeferred("4.7.5");

        Assert.Equal(allowed == "true" ? Tls10 : null, tls?.Version);
        Assert.Contains("only TLS 1.1 or older", lab.Log.Named("tls-failed")[0].Fields["Text"], StringComparison.Ordinal);
    }

    [Fact] // HARD-08, RFC 3207 §4.2: an injection is one on the second connection too
    public async Task Deliver_PlaintextInjectedOnTheSecondConnection_NothingGoesInClear()
    {
        await using var lab = new DeliveryLab();
        var behavior = Speaking(lab, TlsCipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA);
        var host = lab.StartMx("a.test", Host, behavior with { InjectedAfterStartTls = "250 mx\r\n" });
        host.ForNextConnection(behavior);

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.7.5");

        Assert.Equal(2, host.Connections.Count);
        Assert.DoesNotContain(host.Commands, command => command.Verb == "MAIL");
    }

    private static void Demand(DeliveryLab lab, string demand)
    {
        lab.Settings["Relay:Routes:0:Domain"] = "strict.test";
        lab.Settings["Relay:Routes:0:Tls"] = demand;
    }

    private static MxBehavior Speaking(DeliveryLab lab, TlsCipherSuite suite) => new()
    {
        HostName = Host,
        Certificate = lab.Authority.IssueRsa(2048, Host),
        Protocols = SslProtocols.Tls12,
        CipherSuites = new CipherSuitesPolicy([suite]),
    };
}
