using Relay.Delivery.Tests.Lab;
using Relay.Lab.Dns;

namespace Relay.Delivery.Tests.Pipeline;

public class WholeWayTests
{
    [Fact] // SMTP-01, SMTP-05, SMTP-08, TLS-09, EXT-16: the names asked for on the wire, the mail that arrives
    public async Task Deliver_OverARealNameServer_MxIsAskedFirstAndMailArrivesInTls()
    {
        await using var dns = LabDnsServer.Start();
        await using var lab = new DeliveryLab { NameServer = dns };
        var host = lab.StartHost("mx.a.test", lab.WithTls("mx.a.test"));
        dns.Zone.AddCname("xn--bcher-kva.test", "a.test").AddMx("a.test", 10, "mx.a.test")
            .AddAddress("mx.a.test", DeliveryLab.NewAddress()).AddAddress("mx.a.test", host.EndPoint.Address);

        var delivered = (await lab.DeliverAsync("Bücher.test")).AssertDelivered();

        Assert.True(delivered.Hop.Tls!.Verdict.IsVerified);
        Assert.Equal("ann@xn--bcher-kva.test", Assert.Single((await host.SingleMessageAsync()).Recipients));
        var first = dns.Queries.All[0];
        Assert.Equal(("xn--bcher-kva.test", LabDnsType.Mx), (first.Name, first.Type));
        Assert.DoesNotContain(dns.Queries.All, query => query.Name is "xn--bcher-kva.test" or "a.test" && query.Type != LabDnsType.Mx);
    }

    [Fact] // SMTP-04, RFC 5321 §5.1
    public async Task Deliver_NameServerFails_IsDeferredAndNotBounced()
    {
        await using var dns = LabDnsServer.Start();
        await using var lab = new DeliveryLab { NameServer = dns };
        dns.SetFault(null, LabDnsType.None, LabDnsFault.ServerFailure);

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.3");
    }

    [Fact] // HARD-14, SMTP-38: many attempts at once share connections and mix nothing up
    public async Task Deliver_ManyAtOnce_EachArrivesOnce()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", lab.WithTls("mx.a.test"));

        await Parallel.ForAsync(0, 300, TestContext.Current.CancellationToken, async (i, _) =>
            (await lab.DeliverAsync("a.test", $"r{i}")).AssertDelivered());

        var arrived = await host.MessagesAsync(300);
        Assert.Equal(300, arrived.SelectMany(message => message.Recipients).Distinct().Count());
        Assert.Equal(300, arrived.Count);
        Assert.InRange(host.Connections.Count, 1, 40);
    }
}
