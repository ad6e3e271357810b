using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Interop.Tests;

/// <summary>Our resolver asks NSD.</summary>
public sealed class NameServerTests(InteropLab lab)
{
    [Fact] // RFC 1035 §3.3.9
    public async Task Mx_OfADomainWithTwo_HasBothWithTheirPreferences()
    {
        var answer = await QueryAsync("many.test", DnsRecordType.Mx);

        Assert.Equal(
            [(10, "dead.many.test"), (20, "mx.remote.test")],
            answer.Records.Cast<DnsRecord.MailExchange>().Select(mx => (mx.Preference, mx.Exchange.Value)).Order());
    }

    [Fact] // RFC 7505 §3
    public async Task Mx_Null_IsTheRoot()
    {
        var answer = await QueryAsync("null.test", DnsRecordType.Mx);

        Assert.True(Assert.IsType<DnsRecord.MailExchange>(Assert.Single(answer.Records)).Exchange.IsRoot);
    }

    [Fact] // RFC 1034 §3.6.2
    public async Task Mx_BehindAChainOfAliases_IsFoundWithItsCanonicalName()
    {
        var answer = await QueryAsync("chain1.test", DnsRecordType.Mx);

        Assert.Equal("chain3.test", answer.CanonicalName.Value);
        Assert.Equal("mx.remote.test", Assert.IsType<DnsRecord.MailExchange>(Assert.Single(answer.Records)).Exchange.Value);
    }

    [Theory] // RFC 1035 §3.4.1, RFC 3596 §2.2
    [InlineData("mx.remote.test", DnsRecordType.A, "127.0.0.1")]
    [InlineData("mx.six.test", DnsRecordType.Aaaa, "::1")]
    public async Task Address_OfAHost_IsRead(string name, DnsRecordType type, string address)
    {
        var answer = await QueryAsync(name, type);

        Assert.Equal(IPAddress.Parse(address), Assert.IsType<DnsRecord.Address>(Assert.Single(answer.Records)).Value);
    }

    [Fact] // RFC 1035 §3.3.14
    public async Task Txt_OfSeveralStrings_KeepsThemApart()
    {
        var answer = await QueryAsync("text.test", DnsRecordType.Txt);

        var text = Assert.IsType<DnsRecord.Text>(Assert.Single(answer.Records));
        Assert.Equal(["one", "two", "three; with \"quotes\""], text.Strings.Select(part => Encoding.ASCII.GetString(part.Span)));
    }

    [Fact] // RFC 7766 §5: a truncated answer is asked for again over TCP
    public async Task Txt_TooBigForADatagram_ComesWholeOverTcp()
    {
        var answer = await QueryAsync("big.test", DnsRecordType.Txt);

        Assert.Equal(40, answer.Records.Count);
    }

    [Fact] // RFC 6698 §2.1
    public async Task Tlsa_OfAHost_IsRead()
    {
        var answer = await QueryAsync("_25._tcp.mx.remote.test", DnsRecordType.Tlsa);

        var tlsa = Assert.IsType<DnsRecord.TlsAssociation>(Assert.Single(answer.Records));
        Assert.Equal((3, 1, 1, 32), (tlsa.Usage, tlsa.Selector, tlsa.MatchingType, tlsa.Data.Length));
    }

    [Theory] // RFC 2308 §2: the SOA's minimum bounds both kinds of absence
    [InlineData("nowhere.test", DnsStatus.NameError)]
    [InlineData("mx.remote.test", DnsStatus.NoData)]
    public async Task Absence_OfNameOrType_IsToldApartAndBounded(string name, DnsStatus expected)
    {
        var answer = await QueryAsync(name, DnsRecordType.Mx);

        Assert.Equal((expected, TimeSpan.FromSeconds(60)), (answer.Status, answer.TimeToLive));
    }

    [Fact] // RFC 1035 §4.1.1: NSD refuses names outside its zones
    public async Task Refusal_OfTheServer_IsAServerFailureAndNoAbsence()
    {
        var answer = await QueryAsync("example.net", DnsRecordType.Mx);

        Assert.Equal(DnsStatus.ServerFailure, answer.Status);
    }

    private async Task<DnsAnswer> QueryAsync(string name, DnsRecordType type)
    {
        lab.Require();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Dns:Servers:0", lab.Names.Address)]).Build();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration).AddLogging().AddRelayDns().BuildServiceProvider();
        Assert.True(DomainName.TryParse(name, out var parsed));
        return await services.GetRequiredService<IDnsResolver>().QueryAsync(parsed, type, TestContext.Current.CancellationToken);
    }
}
