using Relay.Delivery.Routing;
using Relay.Delivery.Tests.Lab;
using Relay.Dns;
using Relay.Lab.Dns;
using Relay.Mail;

namespace Relay.Delivery.Tests.Routing;

public class KnownNullMxTests
{
    [Fact] // SMTP-14, RFC 7505 §4.1: what an earlier lookup has shown is known, and nothing is asked for it
    public async Task Contains_ADomainLookedUpBefore_WithoutAQueryAndUntilItExpires()
    {
        await using var server = LabDnsServer.Start();
        server.Zone.AddMx("null.test", 0, ".").AddMx("a.test", 10, "mx.a.test").AddMx("both.test", 0, ".").AddMx("both.test", 5, "mx.a.test");
        await using var lab = new DeliveryLab { NameServer = server };
        var known = lab.Get<IKnownNullMx>();
        string[] domains = ["null.test", "a.test", "both.test", "nowhere.test", "[127.0.0.1]", "no domain", ""];
        Assert.All(domains, domain => Assert.False(known.Contains(MailDomain.Of(domain).Name)));
        Assert.Empty(server.Queries.All);

        foreach (var domain in domains)
        {
            await lab.Get<IRouter>().RouteAsync(MailDomain.Of(domain), TestContext.Current.CancellationToken);
        }

        var asked = server.Queries.All.Count;
        Assert.Equal(["null.test"], domains.Where(domain => known.Contains(MailDomain.Of(domain).Name)));
        Assert.True(known.Contains(MailDomain.Of("NULL.test.").Name));
        Assert.Equal(asked, server.Queries.All.Count);
        lab.Clock.Advance(TimeSpan.FromDays(1));
        Assert.False(known.Contains(MailDomain.Of("null.test").Name));
    }

    [Fact] // a fixed route asks no MX
    public async Task Contains_ADomainWithARouteAroundItsMx_IsFalse()
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

        Assert.False(lab.Get<IKnownNullMx>().Contains(MailDomain.Of("null.test").Name));
        Assert.True(lab.Get<IKnownNullMx>().Contains(MailDomain.Of("strict.test").Name));
    }
}
