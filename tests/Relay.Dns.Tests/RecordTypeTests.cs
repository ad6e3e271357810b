using System.Net;
using System.Text;
using Relay.Lab.Dns;

namespace Relay.Dns.Tests;

public class RecordTypeTests
{
    [Theory] // RFC 1035 §3.4.1, RFC 3596 §2.1
    [InlineData(DnsRecordType.A, "192.0.2.25", "192.0.2.26")]
    [InlineData(DnsRecordType.Aaaa, "2001:db8::25", "2001:db8::26")]
    public async Task Query_Addresses_AreThoseOfTheFamilyAskedFor(DnsRecordType type, string first, string second)
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example.net", "192.0.2.25").AddA("mx.example.net", "192.0.2.26");
        lab.Zone.AddAaaa("mx.example.net", "2001:db8::25").AddAaaa("mx.example.net", "2001:db8::26");

        var answer = await lab.AskAsync("mx.example.net", type);

        Assert.Equal(DnsStatus.Answered, answer.Status);
        Assert.Equal([IPAddress.Parse(first), IPAddress.Parse(second)], answer.Records.Cast<DnsRecord.Address>().Select(record => record.Value));
        Assert.Equal(ResolverLab.Name("mx.example.net"), answer.CanonicalName);
        Assert.Equal(TimeSpan.FromSeconds(300), answer.TimeToLive);
        Assert.True(answer.IsDefinitive);
    }

    [Fact] // SMTP-01, RFC 1035 §3.3.9
    public async Task Query_Mx_HasPreferenceAndLowerCaseExchange()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddMx("example.net", 10, "MX1.Example.NET").AddMx("example.net", 65_535, "mx2.other.example");

        var answer = await lab.AskAsync("EXAMPLE.net.", DnsRecordType.Mx);

        Assert.Equal(
            [(10, "mx1.example.net"), (65_535, "mx2.other.example")],
            answer.Records.Cast<DnsRecord.MailExchange>().Select(record => (record.Preference, record.Exchange.Value)));
    }

    [Fact] // RFC 7505 §3
    public async Task Query_NullMx_HasTheRootAsExchange()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddMx("example.net", 0, ".");

        var answer = await lab.AskAsync("example.net", DnsRecordType.Mx);

        Assert.True(Assert.IsType<DnsRecord.MailExchange>(Assert.Single(answer.Records)).Exchange.IsRoot);
    }

    [Fact] // STS-03, RFC 1035 §3.3.14
    public async Task Query_Txt_KeepsCharacterStringsApart()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddTxt("_mta-sts.example.net", "v=STSv1; ", string.Empty, "id=7;").AddTxt("_mta-sts.example.net", [0x00, 0xFF]);

        var answer = await lab.AskAsync("_mta-sts.example.net", DnsRecordType.Txt);

        var texts = answer.Records.Cast<DnsRecord.Text>().ToList();
        Assert.Equal(["v=STSv1; ", string.Empty, "id=7;"], texts[0].Strings.Select(part => Encoding.ASCII.GetString(part.Span)));
        Assert.Equal<byte>([0x00, 0xFF], Assert.Single(texts[1].Strings).ToArray());
    }

    [Fact] // RFC 6698 §2.1
    public async Task Query_Tlsa_HasItsFourFields()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddTlsa("_25._tcp.mx.example.net", 3, 1, 1, [1, 2, 3, 4]);

        var answer = await lab.AskAsync("_25._tcp.mx.example.net", DnsRecordType.Tlsa);

        var record = Assert.IsType<DnsRecord.TlsAssociation>(Assert.Single(answer.Records));
        Assert.Equal((3, 1, 1), (record.Usage, record.Selector, record.MatchingType));
        Assert.Equal<byte>([1, 2, 3, 4], record.Data.ToArray());
    }

    [Fact] // RFC 1035 §3.3.13
    public async Task Query_Soa_HasItsMinimum()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddSoa("example.net", 900);

        var answer = await lab.AskAsync("example.net", DnsRecordType.Soa);

        Assert.Equal(TimeSpan.FromSeconds(900), Assert.IsType<DnsRecord.Authority>(Assert.Single(answer.Records)).Minimum);
    }

    [Fact] // RFC 1035 §3.3.1
    public async Task Query_Cname_IsNotFollowed()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddCname("a.example", "b.example").AddCname("b.example", "c.example");

        var answer = await lab.AskAsync("a.example", DnsRecordType.Cname);

        Assert.Equal("b.example", Assert.IsType<DnsRecord.Alias>(Assert.Single(answer.Records)).Target.Value);
        Assert.Equal("a.example", answer.CanonicalName.Value);
    }

    [Fact] // EXT-16, RFC 5890 §2.3.2.1
    public async Task Query_InternationalName_AsksForALabels()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddMx("xn--mnchen-3ya.example", 10, "mx.example");

        var answer = await lab.AskAsync("MÜNCHEN.example", DnsRecordType.Mx);

        Assert.Equal(DnsStatus.Answered, answer.Status);
        Assert.Equal(1, lab.Server.Queries.Count("xn--mnchen-3ya.example", LabDnsType.Mx));
    }

    [Fact] // RFC 6891 §6.1.2, RFC 5452 §9.2
    public async Task Query_Sent_CarriesEdnsAndFreshIdsAndPorts()
    {
        await using var lab = ResolverLab.Start();
        for (var i = 0; i < 20; i++)
        {
            await lab.AskAsync($"host{i}.example", DnsRecordType.A);
        }

        var queries = lab.Server.Queries.All;
        Assert.All(queries, query => Assert.Equal(1232, query.EdnsPayload));
        Assert.True(queries.Select(query => query.Id).Distinct().Count() > 15);
        Assert.True(queries.Select(query => query.Source.Port).Distinct().Count() > 15);
    }

    [Fact]
    public async Task Query_ServerOnIPv6_IsAnswered()
    {
        await using var lab = ResolverLab.StartOn(LabDnsServer.Start(IPAddress.IPv6Loopback));
        lab.Zone.AddA("mx.example", "192.0.2.1");

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
        Assert.Single(lab.Server.Queries.All);
    }
}
