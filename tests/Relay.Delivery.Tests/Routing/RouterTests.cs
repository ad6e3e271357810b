using Relay.Delivery.Routing;
using Relay.Delivery.Tests.Lab;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery.Tests.Routing;

public class RouterTests
{
    [Fact] // SMTP-01, SMTP-06, RFC 5321 §5.1
    public async Task Route_SeveralPreferences_AreInIncreasingOrder()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 30, "c.a.test").AddMx("a.test", 10, "a.a.test").AddMx("a.test", 20, "b.a.test");

        var found = await FoundAsync(lab, "A.test.");

        Assert.Equal(["a.a.test", "b.a.test", "c.a.test"], found.Hosts.Select(host => host.Name.Value));
        Assert.Equal("a.test", found.PolicyDomain!.Value.Value);
        Assert.Equal(("a.test", DnsRecordType.Mx), Assert.Single(lab.Dns.Queries));
    }

    [Fact] // SMTP-07, RFC 5321 §5.1
    public async Task Route_EqualPreferences_BothOrdersOccurAndTheSiteIsTheSame()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 10, "a.a.test").AddMx("a.test", 10, "b.a.test");

        var firsts = new HashSet<string>();
        var sites = new HashSet<string>();
        for (var i = 0; i < 100; i++)
        {
            var found = await FoundAsync(lab, "a.test");
            firsts.Add(found.Hosts[0].Name.Value);
            sites.Add(found.SiteKey);
        }

        Assert.Equal(2, firsts.Count);
        Assert.Single(sites);
    }

    [Fact] // SMTP-02, RFC 5321 §5.1
    public async Task Route_NoMxRecord_IsTheDomainItself()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddAddress("a.test", DeliveryLab.NewAddress());

        var found = await FoundAsync(lab, "a.test");

        Assert.Equal("a.test", Assert.Single(found.Hosts).Name.Value);
        Assert.Equal(0, found.Hosts[0].Preference);
    }

    [Fact] // SMTP-04, RFC 5321 §5.1; cert-result.json mx-nxdomain
    public async Task Route_DomainDoesNotExist_IsBounced()
    {
        await using var lab = new DeliveryLab();

        (await lab.DeliverAsync("nowhere.test")).AssertBounced("5.1.2");
    }

    [Theory] // SMTP-04, RFC 5321 §5.1; cert-result.json mx-dns-temporary-failure
    [InlineData(DnsStatus.ServerFailure)]
    [InlineData(DnsStatus.Timeout)]
    [InlineData(DnsStatus.Malformed)]
    public async Task Route_DnsFailsForNow_IsDeferred(DnsStatus status)
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddAddress("a.test", DeliveryLab.NewAddress()).Fail("a.test", DnsRecordType.Mx, status);

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.3");
    }

    [Fact] // SMTP-05, RFC 5321 §5.1; the policy stays the recipient domain's (choice 16)
    public async Task Route_DomainIsAnAlias_ReachesTheTargetsMx()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddAlias("a.test", "b.test").AddMx("b.test", 10, "mx.b.test");

        var found = await FoundAsync(lab, "a.test");

        Assert.Equal("mx.b.test", found.Hosts[0].Name.Value);
        Assert.Equal("a.test", found.PolicyDomain!.Value.Value);
    }

    [Fact] // SMTP-11, RFC 5321 §5.1
    public async Task Route_OwnNameAmongMxHosts_LeavesTheBetterOnes()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 10, "best.test").AddMx("a.test", 20, DeliveryLab.OwnName)
            .AddMx("a.test", 20, "equal.test").AddMx("a.test", 30, "worse.test");

        var found = await FoundAsync(lab, "a.test");

        Assert.Equal("best.test", Assert.Single(found.Hosts).Name.Value);
    }

    [Fact] // SMTP-11, RFC 5321 §5.1
    public async Task Route_OwnNameIsTheBestMx_IsBounced()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 10, "Relay.Lab.Test").AddMx("a.test", 20, "worse.test");

        Assert.Equal("mail-loop", (await lab.DeliverAsync("a.test")).AssertBounced("5.4.6").Reason);
    }

    [Fact] // SMTP-12, RFC 5321 §5.1
    public async Task Route_MxNamesThatAreNoHosts_AreSkippedAndNoneLeftIsBounced()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 10, "192.0.2.1").AddMx("a.test", 20, "mx.a.test").AddMx("b.test", 10, "192.0.2.1");

        Assert.Equal("mx.a.test", Assert.Single((await FoundAsync(lab, "a.test")).Hosts).Name.Value);
        (await lab.DeliverAsync("b.test")).AssertBounced("5.4.4");
        Assert.Equal(2, lab.Log.Named("mx-unusable").Count);
    }

    [Fact] // SMTP-13, RFC 7505 §3; cert-result.json null-mx
    public async Task Route_NullMx_IsBouncedWithoutAnAddressQuery()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 0, ".").AddAddress("a.test", DeliveryLab.NewAddress());

        Assert.Equal("null-mx", (await lab.DeliverAsync("a.test")).AssertBounced("5.1.10").Reason);
        Assert.Equal(("a.test", DnsRecordType.Mx), Assert.Single(lab.Dns.Queries));
    }

    [Fact] // SMTP-16, RFC 7505 §3
    public async Task Route_NullMxBesideOthers_IsSkippedWithAWarning()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("a.test", 0, ".").AddMx("a.test", 10, "mx.a.test");

        Assert.Equal("mx.a.test", Assert.Single((await FoundAsync(lab, "a.test")).Hosts).Name.Value);
        Assert.Single(lab.Log.Named("null-mx-ignored"));
    }

    [Fact] // SMTP-17, RFC 5321 §5.1
    public async Task Route_NameWithoutDot_GetsNoSuffix()
    {
        await using var lab = new DeliveryLab();

        (await lab.DeliverAsync("intranet")).AssertBounced("5.1.2");
        Assert.Equal(("intranet", DnsRecordType.Mx), Assert.Single(lab.Dns.Queries));
    }

    [Theory] // SMTP-18, RFC 5321 §4.1.3
    [InlineData("[192.0.2.1]", "192.0.2.1")]
    [InlineData("[IPv6:2001:db8::1]", "2001:db8::1")]
    [InlineData("[ipv6:2001:db8::1]", "2001:db8::1")]
    public async Task Route_AddressLiteral_IsTheAddressWithoutPolicy(string destination, string address)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:AllowAddressLiterals"] = "true";

        var found = await FoundAsync(lab, destination);

        Assert.Equal(address, Assert.Single(found.Hosts).LiteralAddress!.ToString());
        Assert.Null(found.PolicyDomain);
        Assert.Empty(lab.Dns.Queries);
    }

    [Theory] // RFC 5321 §4.1.3, §2.3.5
    [InlineData("[2001:db8::1]")]
    [InlineData("[1]")]
    [InlineData("[127.1]")]
    [InlineData("[010.0.0.1]")]
    [InlineData("[0x7f.0.0.1]")]
    [InlineData("[IPv6:fe80::1%eth0]")]
    [InlineData("[IPv6:192.0.2.1]")]
    [InlineData("[IPv6:[2001:db8::1]]")] // this and the next found by fuzzing: the platform reads more than an address
    [InlineData("[IPv6:[2001:db8::1]:25]")]
    [InlineData("[]")]
    [InlineData("[")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..test")]
    [InlineData("a b.test")]
    public async Task Route_NoDomain_IsBounced(string destination)
    {
        await using var lab = new DeliveryLab();

        (await lab.DeliverAsync(destination)).AssertBounced("5.1.2");
        Assert.Empty(lab.Dns.Queries);
    }

    [Fact] // EXT-16, RFC 6531 §3.2
    public async Task Route_InternationalizedDomain_IsLookedUpInALabels()
    {
        await using var lab = new DeliveryLab();
        lab.Dns.AddMx("xn--bcher-kva.test", 10, "mx.test");

        await FoundAsync(lab, "Bücher.test");

        Assert.Equal("xn--bcher-kva.test", Assert.Single(lab.Dns.Queries).Name);
    }

    [Fact] // bounded work, RFC 5321 §5.1
    public async Task Route_HundredsOfMxHosts_KeepsTheBestTwenty()
    {
        await using var lab = new DeliveryLab();
        for (var i = 0; i < 500; i++)
        {
            lab.Dns.AddMx("a.test", i, $"mx{i}.test");
        }

        var found = await FoundAsync(lab, "a.test");

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"mx{i}.test"), found.Hosts.Select(host => host.Name.Value));
    }

    private static async Task<RouteResult.Found> FoundAsync(DeliveryLab lab, string destination) =>
        Assert.IsType<RouteResult.Found>(
            await lab.Get<IRouter>().RouteAsync(MailDomain.Of(destination), TestContext.Current.CancellationToken));
}
