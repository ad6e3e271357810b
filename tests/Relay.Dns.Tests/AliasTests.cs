using Relay.Lab.Dns;

namespace Relay.Dns.Tests;

public class AliasTests
{
    [Theory] // STS-02, RFC 1034 §3.6.2
    [InlineData(true, 1)]
    [InlineData(false, 4)]
    public async Task Query_AliasChain_IsFollowedWithinAnswersAndByFurtherQueries(bool inOneAnswer, int queries)
    {
        await using var lab = ResolverLab.Start();
        lab.Server.FollowsAliases = inOneAnswer;
        lab.Zone.AddCname("_mta-sts.a.example", "b.example").AddCname("b.example", "c.example").WithTtl(30).AddCname("c.example", "d.example")
            .WithTtl(600).AddTxt("d.example", "v=STSv1; id=1;");

        var answer = await lab.AskAsync("_mta-sts.a.example", DnsRecordType.Txt);

        Assert.Equal(DnsStatus.Answered, answer.Status);
        Assert.Equal("d.example", answer.CanonicalName.Value);
        Assert.Equal(TimeSpan.FromSeconds(30), answer.TimeToLive);
        Assert.Equal(queries, lab.Server.Queries.All.Count);
    }

    [Theory] // RFC 1034 §3.6.2
    [InlineData(true)]
    [InlineData(false)]
    public async Task Query_AliasLoop_IsMalformed(bool inOneAnswer)
    {
        await using var lab = ResolverLab.Start();
        lab.Server.FollowsAliases = inOneAnswer;
        lab.Zone.AddCname("a.example", "b.example").AddCname("b.example", "c.example").AddCname("c.example", "a.example");

        var answer = await lab.AskAsync("a.example", DnsRecordType.A);

        Assert.Equal(DnsStatus.Malformed, answer.Status);
        Assert.Contains("loop", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_AliasOfItself_IsMalformed()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddCname("a.example", "a.example");

        Assert.Equal(DnsStatus.Malformed, (await lab.AskAsync("a.example", DnsRecordType.A)).Status);
    }

    [Theory]
    [InlineData(8, DnsStatus.Answered)]
    [InlineData(9, DnsStatus.Malformed)]
    public async Task Query_LongChain_IsCutAfterEightAliases(int aliases, DnsStatus expected)
    {
        await using var lab = ResolverLab.Start();
        for (var i = 0; i < aliases; i++)
        {
            lab.Zone.AddCname($"n{i}.example", $"n{i + 1}.example");
        }

        lab.Zone.AddA($"n{aliases}.example", "192.0.2.1");

        Assert.Equal(expected, (await lab.AskAsync("n0.example", DnsRecordType.A)).Status);
    }

    [Fact] // RFC 6604 §3
    public async Task Query_AliasToNowhere_IsNameErrorOfTheTarget()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddCname("a.example", "nowhere.example");

        var answer = await lab.AskAsync("a.example", DnsRecordType.A);

        Assert.Equal(DnsStatus.NameError, answer.Status);
        Assert.Equal("nowhere.example", answer.CanonicalName.Value);
    }

    [Fact] // RFC 2308 §2.2
    public async Task Query_AliasToNameWithoutTheType_IsNoData()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddCname("a.example", "b.example").AddTxt("b.example", "x");

        Assert.Equal(DnsStatus.NoData, (await lab.AskAsync("a.example", DnsRecordType.A)).Status);
        Assert.Single(lab.Server.Queries.All);
    }

    [Fact]
    public async Task Query_AliasWhoseTargetFails_IsServerFailure()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.FollowsAliases = false;
        lab.Zone.AddCname("a.example", "b.example");
        lab.Server.SetFault("b.example", LabDnsType.A, LabDnsFault.ServerFailure);

        Assert.Equal(DnsStatus.ServerFailure, (await lab.AskAsync("a.example", DnsRecordType.A)).Status);
    }

    [Fact] // RFC 1034 §3.6.2: aliases in any order.
    public async Task Query_ChainOutOfOrder_IsFollowed()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("a.example", LabDnsType.A, new LabDnsFault.Custom(query => MessageBuilder.AnswerTo(query)
            .Record("c.example", 1, [192, 0, 2, 1]).Record("b.example", 5, MessageBuilder.Name("c.example"))
            .Record("a.example", 5, MessageBuilder.Name("b.example")).Build()));

        var answer = await lab.AskAsync("a.example", DnsRecordType.A);

        Assert.Equal("c.example", answer.CanonicalName.Value);
        Assert.Single(answer.Records);
    }

    [Fact] // RFC 2181 §10.1
    public async Task Query_TwoTargetsOfOneAlias_IsMalformed()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddCname("a.example", "b.example").AddCname("a.example", "c.example").AddA("b.example", "192.0.2.1");

        Assert.Equal(DnsStatus.Malformed, (await lab.AskAsync("a.example", DnsRecordType.A)).Status);
    }

    [Fact] // RFC 2181 §5.4.1: what nobody asked for is not believed.
    public async Task Query_RecordsOfOtherNamesAndSections_AreIgnored()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("a.example", LabDnsType.A, new LabDnsFault.Custom(query => MessageBuilder.AnswerTo(query)
            .Record("bank.example", 1, [203, 0, 113, 66]).Record("a.example", 1, [192, 0, 2, 1])
            .Authority("a.example", 1, [203, 0, 113, 67]).Additional("a.example", 1, [203, 0, 113, 68])
            .Additional("bank.example", 1, [203, 0, 113, 69]).Build()));

        var answer = await lab.AskAsync("a.example", DnsRecordType.A);

        Assert.Equal("192.0.2.1", Assert.IsType<DnsRecord.Address>(Assert.Single(answer.Records)).Value.ToString());
        Assert.Equal(DnsStatus.NameError, (await lab.AskAsync("bank.example", DnsRecordType.A)).Status);
    }

    [Theory] // RFC 2181 §11: octets no host name has, a dot inside a label among them.
    [InlineData("m.x")]
    [InlineData("m x")]
    [InlineData("m\0x")]
    [InlineData("m\u00FFx")]
    public async Task Query_MxWithUnusableLabelOnly_IsMalformed(string label)
    {
        await using var lab = ResolverLab.Start();
        byte[] exchange = [0, 10, (byte)label.Length, .. System.Text.Encoding.Latin1.GetBytes(label), 0];
        lab.Server.SetFault("a.example", LabDnsType.Mx, new LabDnsFault.Custom(query =>
            MessageBuilder.AnswerTo(query).Record("a.example", 15, exchange).Authority("example", 2, [2, .. "ns"u8, 0]).Build()));
        lab.Server.SetFault("b.example", LabDnsType.Mx, new LabDnsFault.Custom(query =>
            MessageBuilder.AnswerTo(query).Record("b.example", 15, exchange).Record("b.example", 15, [0, 20, 2, .. "mx"u8, 0]).Build()));

        Assert.Equal(DnsStatus.Malformed, (await lab.AskAsync("a.example", DnsRecordType.Mx)).Status);
        Assert.Single((await lab.AskAsync("b.example", DnsRecordType.Mx)).Records);
    }
}
