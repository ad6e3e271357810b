using Relay.Delivery.Routing;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;
using Relay.Mail;

namespace Relay.Delivery.Tests.Routing;

/// <summary>Address literals (RFC 5321 §4.1.3) go round no route and no demand.</summary>
public sealed class LiteralRouteTests
{
    private const string Literal = "[192.0.2.1]";

    [Fact]
    public async Task Route_LiteralThatNobodyAllowed_IsBouncedAndRefused()
    {
        await using var lab = new DeliveryLab();
        AddRoute(lab, "corp.test", "mail.corp.test", null);

        Assert.Equal("bad-domain", Refusal(lab)?.Reason);
        (await lab.DeliverAsync(Literal)).AssertBounced("5.1.2");
    }

    [Theory] // the next hop of everything takes them, allowed or not
    [InlineData("true")]
    [InlineData("false")]
    public async Task Route_LiteralWithANextHopForEverything_GoesThere(string allowed)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:AllowAddressLiterals"] = allowed;
        AddRoute(lab, "*", "smtp.isp.test", "VerifiedPkix");

        var found = await RouteAsync(lab);

        var host = Assert.Single(found.Hosts);
        Assert.Equal(("smtp.isp.test", TlsRequirement.VerifiedPkix), (host.Name.Value, host.Requirement));
        Assert.Equal("smtp.isp.test", found.PolicyDomain?.Value);
        Assert.Null(Refusal(lab));
    }

    [Fact] // what is demanded of everything is demanded of them
    public async Task Deliver_LiteralUnderADemandForTls_DoesNotGoInClear()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:AllowAddressLiterals"] = "true";
        AddRoute(lab, "*", null, "Encrypted");
        var clear = lab.StartHost("clear.test", new MxBehavior());
        var secure = lab.StartHost("secure.test", lab.WithTls("secure.test"));

        Assert.Equal("starttls-missing", (await lab.DeliverAsync($"[{clear.EndPoint.Address}]")).AssertDeferred("4.7.10").Reason);
        (await lab.DeliverAsync($"[{secure.EndPoint.Address}]")).AssertDelivered();
    }

    [Fact] // RFC 9525 §6.2: no certificate can prove a host without a name
    public async Task Deliver_LiteralUnderADemandForACertificate_IsBouncedWithoutConnection()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:AllowAddressLiterals"] = "true";
        AddRoute(lab, "*", null, "VerifiedPkix");
        var host = lab.StartHost("mx.test", lab.WithTls("mx.test"));

        Assert.Equal("bad-domain", (await lab.DeliverAsync($"[{host.EndPoint.Address}]")).AssertBounced("5.1.2").Reason);
        Assert.NotNull(Refusal(lab));
        Assert.Empty(host.Connections);
    }

    private static void AddRoute(DeliveryLab lab, string domain, string? nextHop, string? tls)
    {
        lab.Settings["Relay:Routes:0:Domain"] = domain;
        lab.Settings["Relay:Routes:0:NextHop"] = nextHop;
        lab.Settings["Relay:Routes:0:Tls"] = tls ?? "Opportunistic";
    }

    // The check at RCPT reads the routes as the router does; the cache of DNS answers that it also reads is not in this lab.
    private static DeliveryFailure? Refusal(DeliveryLab lab) => lab.Get<RouteTable>().RefusalOfLiteral(MailDomain.Of(Literal));

    private static async Task<RouteResult.Found> RouteAsync(DeliveryLab lab) =>
        Assert.IsType<RouteResult.Found>(
            await lab.Get<IRouter>().RouteAsync(MailDomain.Of(Literal), TestContext.Current.CancellationToken));
}
