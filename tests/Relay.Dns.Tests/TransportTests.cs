using System.Net;
using Relay.Lab.Dns;

namespace Relay.Dns.Tests;

public class TransportTests
{
    [Fact] // RFC 7766 §5
    public async Task Query_Truncated_IsRepeatedOverTcp()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Truncated());

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
        Assert.Equal([false, true], lab.Server.Queries.All.Select(query => query.OverTcp));
    }

    [Fact] // RFC 7766 §5: an honest server cuts what exceeds the payload of EDNS(0).
    public async Task Query_AnswerOf60Kilobytes_ComesOverTcp()
    {
        await using var lab = ResolverLab.Start();
        for (var i = 0; i < 240; i++)
        {
            lab.Zone.AddTxt("big.example", new string((char)('a' + (i % 26)), 240));
        }

        var answer = await lab.AskAsync("big.example", DnsRecordType.Txt);

        Assert.Equal(240, answer.Records.Count);
    }

    [Fact] // RFC 6891 §6.2.3
    public async Task Query_OversizeDatagram_IsRepeatedOverTcp()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Damaged(LabDnsDamage.Oversize), times: 1);

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
        Assert.Equal([false, true], lab.Server.Queries.All.Select(query => query.OverTcp));
    }

    [Fact]
    public async Task Query_OversizeAgainOverTcp_IsMalformed()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Damaged(LabDnsDamage.Oversize));

        Assert.Equal(DnsStatus.Malformed, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
    }

    [Fact]
    public async Task Query_TruncatedAndTcpConnectionDropped_IsTimeout()
    {
        await using var lab = ResolverLab.Start(("Dns:Attempts", "1"));
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Truncated(), times: 1);
        lab.Server.SetFault("mx.example", LabDnsType.None, new LabDnsFault.Dropped());

        var answer = await lab.AskAsync("mx.example", DnsRecordType.A);

        Assert.Equal(DnsStatus.Timeout, answer.Status);
        Assert.Contains("closed", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_TruncatedAndTcpSilent_EndsWithTheSameTimeLimit()
    {
        await using var lab = ResolverLab.Start(("Dns:Attempts", "1"));
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Truncated(), times: 1);
        lab.Server.SetFault("mx.example", LabDnsType.None, new LabDnsFault.Silence());

        var asking = lab.AskAsync("mx.example", DnsRecordType.A);
        await lab.Server.Queries.ReceivedAsync("mx.example", LabDnsType.A, 2, ResolverLab.Stop);
        lab.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(DnsStatus.Timeout, (await asking).Status);
    }

    [Fact]
    public async Task Query_TruncatedOverTcpToo_IsMalformed()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Custom(query =>
            MessageBuilder.AnswerTo(query).Set(2, 0x83).Build()));

        Assert.Equal(DnsStatus.Malformed, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
    }

    [Fact] // RFC 6891 §7
    public async Task Query_ServerWithoutEdns_IsAskedAgainWithout()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.UnderstandsEdns = false;
        lab.Zone.AddA("mx.example", "192.0.2.1");

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
        Assert.Equal([1232, null], lab.Server.Queries.All.Select(query => query.EdnsPayload));
    }

    [Fact] // RFC 6891 §7: with the header alone.
    public async Task Query_FormatErrorWithoutQuestion_IsAskedAgainWithoutEdns()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Custom(query =>
            [(byte)(query.Id >> 8), (byte)query.Id, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]), times: 1);

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
    }

    [Theory] // RFC 5452 §9.1
    [InlineData(LabDnsForgery.WrongId)]
    [InlineData(LabDnsForgery.WrongName)]
    [InlineData(LabDnsForgery.WrongType)]
    [InlineData(LabDnsForgery.NoQuestion)]
    [InlineData(LabDnsForgery.NotAnAnswer)]
    [InlineData(LabDnsForgery.WrongPort)]
    [InlineData(LabDnsForgery.WrongAddress)]
    public async Task Query_ForgedAnswerFirst_WaitsForTheTrueOne(LabDnsForgery forgery)
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Forged(forgery));

        var answer = await lab.AskAsync("mx.example", DnsRecordType.A);

        Assert.Equal(IPAddress.Parse("192.0.2.1"), Assert.IsType<DnsRecord.Address>(Assert.Single(answer.Records)).Value);
        Assert.Single(lab.Server.Queries.All);
    }

    [Fact] // RFC 5452 §9.1
    public async Task Query_OnlyForgedAnswers_IsTimeout()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Forged(LabDnsForgery.WrongId, ThenTruth: false));

        Assert.Equal(DnsStatus.Timeout, (await lab.AskThroughTimeoutsAsync("mx.example", DnsRecordType.A, timeouts: 2)).Status);
    }

    [Theory]
    [InlineData(LabDnsDamage.CutShort)]
    [InlineData(LabDnsDamage.CompressionLoop)]
    [InlineData(LabDnsDamage.LyingCount)]
    [InlineData(LabDnsDamage.LyingLength)]
    [InlineData(LabDnsDamage.Garbage)]
    public async Task Query_DamagedAnswer_IsMalformed(LabDnsDamage damage)
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Damaged(damage));

        var answer = await lab.AskAsync("mx.example", DnsRecordType.A);

        Assert.Equal(DnsStatus.Malformed, answer.Status);
        Assert.True(answer.IsTransient);
        Assert.Empty(answer.Records);
    }

    [Fact] // DANE-01, RFC 4035 §4.9.3
    public async Task Query_AuthenticDataFromTrustedServer_IsPassedOnAndAskedFor()
    {
        await using var lab = ResolverLab.StartAsTrusted();
        lab.Server.Authenticates = true;
        lab.Zone.AddA("mx.example", "192.0.2.1");

        Assert.True((await lab.AskAsync("mx.example", DnsRecordType.A)).IsAuthenticated);
        Assert.True((await lab.AskAsync("nowhere.example", DnsRecordType.A)).IsAuthenticated);
        Assert.All(lab.Server.Queries.All, query => Assert.True(query.AskedForAuthenticData));
    }

    [Fact] // DANE-01, RFC 4035 §4.9.3
    public async Task Query_AuthenticDataFromAnyServer_IsNotBelieved()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.Authenticates = true;
        lab.Zone.AddA("mx.example", "192.0.2.1");

        Assert.False((await lab.AskAsync("mx.example", DnsRecordType.A)).IsAuthenticated);
        Assert.False(Assert.Single(lab.Server.Queries.All).AskedForAuthenticData);
    }

    [Fact] // DANE-01
    public async Task Query_TrustedServerWithoutAuthenticData_IsNotAuthenticated()
    {
        await using var lab = ResolverLab.StartAsTrusted();
        lab.Zone.AddA("mx.example", "192.0.2.1");

        Assert.False((await lab.AskAsync("mx.example", DnsRecordType.A)).IsAuthenticated);
    }

    [Fact] // DANE-01, RFC 4035 §3.2.3: all of the answer is authentic, or none is said to be.
    public async Task Query_OneLinkOfTheChainNotAuthentic_IsNotAuthenticated()
    {
        await using var lab = ResolverLab.StartAsTrusted();
        lab.Server.Authenticates = true;
        lab.Server.FollowsAliases = false;
        lab.Zone.AddCname("a.example", "b.example").AddCname("c.example", "d.example").AddA("d.example", "192.0.2.1");
        lab.Server.SetFault("b.example", LabDnsType.A, new LabDnsFault.Custom(query =>
            MessageBuilder.AnswerTo(query).Record("b.example", 1, [192, 0, 2, 1]).Build()));

        Assert.False((await lab.AskAsync("a.example", DnsRecordType.A)).IsAuthenticated);
        Assert.True((await lab.AskAsync("c.example", DnsRecordType.A)).IsAuthenticated);
    }
}
