using Microsoft.Extensions.Options;
using Relay.Delivery.Routing;
using Relay.Delivery.Tests.Lab;
using Relay.Mail;

namespace Relay.Delivery.Tests.Routing;

public class FixedRouteTests
{
    [Theory]
    [InlineData("corp.example", "exact.test")]
    [InlineData("CORP.example.", "exact.test")]
    [InlineData("a.corp.example", "suffix.test")]
    [InlineData("b.a.corp.example", "suffix.test")]
    [InlineData("x.deep.corp.example", "deep.test")]
    [InlineData("notcorp.example", "all.test")]
    [InlineData("elsewhere.test", "all.test")]
    public async Task Route_FixedRoutes_MostSpecificWins(string destination, string nextHop)
    {
        await using var lab = new DeliveryLab();
        AddRoute(lab, 0, "*", "all.test");
        AddRoute(lab, 1, "*.corp.example", "suffix.test");
        AddRoute(lab, 2, "corp.example", "exact.test");
        AddRoute(lab, 3, "*.deep.corp.example", "deep.test");

        Assert.Equal(nextHop, Assert.Single((await FoundAsync(lab, destination)).Hosts).Name.Value);
    }

    [Fact] // STS-smart-host: RFC 8461 §3.4
    public async Task Route_NextHop_IsThePolicyDomainAndNeedsNoMx()
    {
        await using var lab = new DeliveryLab();
        AddRoute(lab, 0, "corp.example", "mail.corp.example");
        lab.Settings["Relay:Routes:0:Port"] = "2525";

        var found = await FoundAsync(lab, "corp.example");

        Assert.Equal("mail.corp.example", found.PolicyDomain!.Value.Value);
        Assert.Equal(2525, found.Hosts[0].Port);
        Assert.True(found.Hosts[0].IsNextHop);
        Assert.Empty(lab.Dns.Queries);
    }

    [Fact]
    public async Task Route_NextHopIsAnAddress_HasNoPolicy()
    {
        await using var lab = new DeliveryLab();
        AddRoute(lab, 0, "corp.example", "[192.0.2.1]");

        var found = await FoundAsync(lab, "corp.example");

        Assert.Equal("192.0.2.1", found.Hosts[0].LiteralAddress!.ToString());
        Assert.Null(found.PolicyDomain);
    }

    [Fact] // TLS-08, RFC 3207 §6
    public async Task Route_TlsDemandedWithoutNextHop_IsDemandedOfEveryMxHost()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "bank.test";
        lab.Settings["Relay:Routes:0:Tls"] = "VerifiedPkix";
        lab.Dns.AddMx("bank.test", 10, "a.test").AddMx("bank.test", 20, "b.test").AddMx("shop.test", 10, "a.test").AddMx("shop.test", 20, "b.test");

        var bank = await FoundAsync(lab, "bank.test");
        var shop = await FoundAsync(lab, "shop.test");

        Assert.All(bank.Hosts, host => Assert.Equal(TlsRequirement.VerifiedPkix, host.Requirement));
        Assert.All(shop.Hosts, host => Assert.Equal(TlsRequirement.Opportunistic, host.Requirement));
        Assert.NotEqual(bank.SiteKey, shop.SiteKey);
    }

    [Theory] // CERT-09, RFC 7817 §3: an upstream is held to the name that was configured, and sees nothing before it bears it
    [InlineData("upstream.test", true)]
    [InlineData("other.test", false)]
    [InlineData("a.test", false)]
    public async Task Deliver_UpstreamWithVerifiedTls_MustBearTheConfiguredName(string certified, bool delivers)
    {
        await using var lab = new DeliveryLab();
        AddRoute(lab, 0, "*", "upstream.test");
        lab.Settings["Relay:Routes:0:Tls"] = "VerifiedPkix";
        var host = lab.StartHost("upstream.test", lab.WithTls(certified));

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Equal(delivers, attempt.Recipients[0].Outcome is DeliveryOutcome.Delivered);
        Assert.Equal(delivers, host.Commands.Any(command => command.Verb is "MAIL" or "AUTH"));
    }

    [Theory]
    [InlineData("Delivery:Port", "70000", "Delivery:Port: 70000")]
    [InlineData("Delivery:ConnectTimeout", "00:00:00", "Delivery:ConnectTimeout: 00:00:00")]
    [InlineData("Delivery:BindAddresses:0", "foo", "Delivery:BindAddresses:0: \"foo\"")]
    [InlineData("Delivery:TrustedRootsFile", "/nowhere/roots.pem", "Delivery:TrustedRootsFile: \"/nowhere/roots.pem\"")]
    [InlineData("Delivery:Timeouts:Mail", "-00:01:00", "Delivery:Timeouts:Mail: -00:01:00")]
    public async Task Options_BadDelivery_NamesKeyValueAndRemedy(string key, string value, string message)
    {
        await using var lab = new DeliveryLab();
        lab.Settings[key] = value;

        var fault = Assert.Throws<OptionsValidationException>(() => lab.Get<IOptions<DeliveryOptions>>().Value);

        Assert.Contains(message, Assert.Single(fault.Failures), StringComparison.Ordinal);
        Assert.Contains("; ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a..b", "mail.test", null, "Relay:Routes:0:Domain: \"a..b\"")]
    [InlineData("a.test", "300.1.1.1", null, "Relay:Routes:0:NextHop: \"300.1.1.1\"")]
    [InlineData("a.test", "mail.test", "0", "Relay:Routes:0:Port: 0")]
    [InlineData("a.test", null, null, "Relay:Routes:0: the route for \"a.test\" does nothing")]
    public async Task Options_BadRoute_NamesKeyValueAndRemedy(string domain, string? nextHop, string? port, string message)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = domain;
        lab.Settings["Relay:Routes:0:NextHop"] = nextHop;
        lab.Settings["Relay:Routes:0:Port"] = port;

        var fault = Assert.Throws<OptionsValidationException>(() => lab.Get<IOptions<RoutingOptions>>().Value);

        Assert.Contains(message, Assert.Single(fault.Failures), StringComparison.Ordinal);
    }

    private static void AddRoute(DeliveryLab lab, int index, string domain, string nextHop)
    {
        lab.Settings[$"Relay:Routes:{index}:Domain"] = domain;
        lab.Settings[$"Relay:Routes:{index}:NextHop"] = nextHop;
    }

    private static async Task<RouteResult.Found> FoundAsync(DeliveryLab lab, string destination) =>
        Assert.IsType<RouteResult.Found>(
            await lab.Get<IRouter>().RouteAsync(MailDomain.Of(destination), TestContext.Current.CancellationToken));
}
