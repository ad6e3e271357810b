using Relay.Lab.Dns;

namespace Relay.Dns.Tests;

public class FailureTests
{
    private static readonly LabDnsFault Silence = new LabDnsFault.Silence();

    [Fact] // SMTP-04, RFC 2308 §2.1
    public async Task Query_NameThatIsNot_IsNameError()
    {
        await using var lab = ResolverLab.Start();

        var answer = await lab.AskAsync("nowhere.example", DnsRecordType.Mx);

        Assert.Equal(DnsStatus.NameError, answer.Status);
        Assert.True(answer.IsDefinitive);
        Assert.Contains("nowhere.example does not exist", answer.Detail, StringComparison.Ordinal);
    }

    [Fact] // RFC 2308 §2.2, RFC 8020 §2
    public async Task Query_NameWithoutTheType_IsNoData()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example.net", "192.0.2.1");

        Assert.Equal(DnsStatus.NoData, (await lab.AskAsync("mx.example.net", DnsRecordType.Mx)).Status);
        Assert.Equal(DnsStatus.NoData, (await lab.AskAsync("example.net", DnsRecordType.Mx)).Status);
    }

    [Theory] // SMTP-04, RFC 1035 §4.1.1
    [InlineData(2, "SERVFAIL")]
    [InlineData(4, "NOTIMP")]
    [InlineData(5, "REFUSED")]
    [InlineData(9, "RCODE 9")]
    public async Task Query_ServerFails_IsServerFailureAskedOnce(int code, string named)
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("example.net", LabDnsType.Mx, new LabDnsFault.Code(code));

        var answer = await lab.AskAsync("example.net", DnsRecordType.Mx);

        Assert.Equal(DnsStatus.ServerFailure, answer.Status);
        Assert.True(answer.IsTransient);
        Assert.Contains(named, answer.Detail, StringComparison.Ordinal);
        Assert.Contains(lab.Server.Address, answer.Detail, StringComparison.Ordinal);
        Assert.Single(lab.Server.Queries.All);
    }

    [Fact] // SMTP-04
    public async Task Query_ServerSilent_IsTimeoutAfterTheConfiguredAttempts()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault(null, LabDnsType.None, Silence);

        var answer = await lab.AskThroughTimeoutsAsync("example.net", DnsRecordType.Mx, timeouts: 2);

        Assert.Equal(DnsStatus.Timeout, answer.Status);
        Assert.True(answer.IsTransient);
        Assert.Contains("no answer within 5 s", answer.Detail, StringComparison.Ordinal);
        Assert.Equal(2, lab.Server.Queries.Count("example.net", LabDnsType.Mx));
    }

    [Fact]
    public async Task Query_OneDatagramLost_IsAnsweredAtTheSecondTry()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, Silence, times: 1);

        Assert.Equal(DnsStatus.Answered, (await lab.AskThroughTimeoutsAsync("mx.example", DnsRecordType.A, timeouts: 1)).Status);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Query_FirstServerFails_SecondIsAsked(int code)
    {
        await using var lab = ResolverLab.StartTwo();
        lab.Servers[0].SetFault(null, LabDnsType.None, new LabDnsFault.Code(code));
        lab.Servers[1].Zone.AddA("mx.example", "192.0.2.1");

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
    }

    [Fact]
    public async Task Query_FirstServerMalformed_SecondIsAsked()
    {
        await using var lab = ResolverLab.StartTwo();
        lab.Servers[0].SetFault(null, LabDnsType.None, new LabDnsFault.Damaged(LabDnsDamage.LyingCount));
        lab.Servers[1].Zone.AddA("mx.example", "192.0.2.1");

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
    }

    [Fact]
    public async Task Query_NameErrorFromFirstServer_IsNotAskedElsewhere()
    {
        await using var lab = ResolverLab.StartTwo();
        lab.Servers[1].Zone.AddA("mx.example", "192.0.2.1");

        Assert.Equal(DnsStatus.NameError, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
        Assert.Empty(lab.Servers[1].Queries.All);
    }

    [Fact]
    public async Task Query_FirstServerSilent_IsAskedLastForHalfAMinute()
    {
        await using var lab = ResolverLab.StartTwo();
        lab.Servers[0].SetFault(null, LabDnsType.None, Silence);

        await lab.AskThroughTimeoutsAsync("one.example", DnsRecordType.A, timeouts: 1);
        await lab.AskAsync("two.example", DnsRecordType.A);
        Assert.Equal(0, lab.Servers[0].Queries.Count("two.example", LabDnsType.A));

        lab.Servers[0].ClearFaults();
        lab.Clock.Advance(TimeSpan.FromSeconds(30));
        await lab.AskAsync("three.example", DnsRecordType.A);
        Assert.Equal(1, lab.Servers[0].Queries.Count("three.example", LabDnsType.A));
    }

    [Fact]
    public async Task Query_AllServersAside_AreAskedNevertheless()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("one.example", LabDnsType.None, Silence);
        await lab.AskThroughTimeoutsAsync("one.example", DnsRecordType.A, timeouts: 2);

        Assert.Equal(DnsStatus.NameError, (await lab.AskAsync("two.example", DnsRecordType.A)).Status);
    }

    [Fact]
    public async Task Query_NobodyListens_IsTimeoutAtOnce()
    {
        var gone = LabDnsServer.Start();
        await gone.DisposeAsync();
        await using var lab = ResolverLab.StartOn(gone);

        var answer = await lab.AskAsync("mx.example", DnsRecordType.A);

        Assert.Equal(DnsStatus.Timeout, answer.Status);
        Assert.Contains("connection refused", answer.Detail, StringComparison.Ordinal);
    }

    [Fact] // RFC 2308 §2.2: a referral is no absence.
    public async Task Query_Referral_IsServerFailure()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Custom(query => MessageBuilder
            .AnswerTo(query).Authority("example", type: 2, [2, .. "ns"u8, 0]).Build()));

        var answer = await lab.AskAsync("mx.example", DnsRecordType.A);

        Assert.Equal(DnsStatus.ServerFailure, answer.Status);
        Assert.Contains("referral", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_SomeServersSilentAndOneFailing_IsServerFailureNamingBoth()
    {
        await using var lab = ResolverLab.StartTwo(("Dns:Attempts", "1"));
        lab.Servers[0].SetFault(null, LabDnsType.None, Silence);
        lab.Servers[1].SetFault(null, LabDnsType.None, LabDnsFault.ServerFailure);

        var answer = await lab.AskThroughTimeoutsAsync("mx.example", DnsRecordType.A, timeouts: 1);

        Assert.Equal(DnsStatus.ServerFailure, answer.Status);
        Assert.Contains($"{lab.Servers[0].Address}: no answer within 5 s", answer.Detail, StringComparison.Ordinal);
        Assert.Contains($"{lab.Servers[1].Address}: SERVFAIL", answer.Detail, StringComparison.Ordinal);
    }

    [Fact] // Who answered with a failure has answered; only silence is asked again.
    public async Task Query_SecondRound_AsksOnlyTheSilentServers()
    {
        await using var lab = ResolverLab.StartTwo();
        lab.Servers[0].Zone.AddA("mx.example", "192.0.2.1");
        lab.Servers[0].SetFault(null, LabDnsType.None, Silence, times: 1);
        lab.Servers[1].SetFault(null, LabDnsType.None, LabDnsFault.ServerFailure);

        var answer = await lab.AskThroughTimeoutsAsync("mx.example", DnsRecordType.A, timeouts: 1);

        Assert.Equal(DnsStatus.Answered, answer.Status);
        Assert.Single(lab.Servers[1].Queries.All);
    }
}
