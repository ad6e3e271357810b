using Relay.Delivery.Routing;
using Relay.Delivery.Tests.Lab;
using Relay.Dns;
using Relay.Lab.Dns;
using Relay.Mail;

namespace Relay.Delivery.Tests.Routing;

public class DestinationCheckTests
{
    [Fact] // SMTP-14, RFC 7505 §4.1: what an earlier lookup has shown is known, and nothing is asked for it
    public async Task RefusalOf_ADomainLookedUpBefore_WithoutAQueryAndUntilItExpires()
    {
        await using var server = LabDnsServer.Start();
        server.Zone.AddMx("null.test", 0, ".").AddMx("a.test", 10, "mx.a.test").AddMx("both.test", 0, ".").AddMx("both.test", 5, "mx.a.test");
        await using var lab = new DeliveryLab { NameServer = server };
        var check = lab.Get<IDestinationCheck>();
        string[] domains = ["null.test", "a.test", "both.test", "nowhere.test", "no domain", ""];
        Assert.All(domains, domain => Assert.Null(check.RefusalOf(MailDomain.Of(domain))));
        Assert.Empty(server.Queries.All);

        foreach (var domain in domains)
        {
            await lab.Get<IRouter>().RouteAsync(MailDomain.Of(domain), TestContext.Current.CancellationToken);
        }

        var asked = server.Queries.All.Count;
        Assert.Equal(["null.test"], domains.Where(domain => check.RefusalOf(MailDomain.Of(domain)) is not null));
        Assert.Equal("null-mx", check.RefusalOf(MailDomain.Of("NULL.test."))?.Reason);
        Assert.Equal(asked, server.Queries.All.Count);
        lab.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Null(check.RefusalOf(MailDomain.Of("null.test")));
    }

    [Theory] // RFC 5321 §4.1.3
    [InlineData("false", true)]
    [InlineData("true", false)]
    public async Task RefusalOf_ALiteral_GoesByTheRoutes(string allowed, bool refused)
    {
        await using var server = LabDnsServer.Start();
        await using var lab = new DeliveryLab { NameServer = server };
        lab.Settings["Relay:AllowAddressLiterals"] = allowed;

        Assert.Equal(refused, lab.Get<IDestinationCheck>().RefusalOf(MailDomain.Of("[192.0.2.1]")) is { Status: { Class: 5, Subject: 1, Detail: 2 } });
    }

    [Fact] // a fixed route asks no MX
    public async Task RefusalOf_ADomainWithARouteAroundItsMx_IsNone()
    {
        await using var server = LabDnsServer.Start();
        server.Zone.AddMx("null.test", 0, ".").AddMx("strict.test", 0, ".");
        await using var lab = new DeliveryLab { NameServer = server };
        lab.Settings["Relay:Routes:0:Domain"] = "null.test";
        lab.Settings["Relay:Routes:0:NextHop"] = "mail.corp.test";
        lab.Settings["Relay:Routes:1:Domain"] = "strict.test";
        lab.Settings["Relay:Routes:1:Tls"] = "VerifiedPkix";
        foreach (var domain in new[] { "null.test", "strict.test" })
        {
            Assert.True(DomainName.TryParse(domain, out var name));
            await lab.Get<IDnsResolver>().QueryAsync(name, DnsRecordType.Mx, TestContext.Current.CancellationToken);
        }

        Assert.Null(lab.Get<IDestinationCheck>().RefusalOf(MailDomain.Of("null.test")));
        Assert.NotNull(lab.Get<IDestinationCheck>().RefusalOf(MailDomain.Of("strict.test")));
    }
}
