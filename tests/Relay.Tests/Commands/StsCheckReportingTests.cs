using System.Text;
using System.Text.Json;
using Relay.TlsRpt.Records;

namespace Relay.Tests.Commands;

/// <summary><c>relay sts check</c> on the record that asks for reports: it passes what the sender of reports can use, and nothing else.</summary>
public sealed class StsCheckReportingTests
{
    [Theory] // RFC 8460 §3
    [InlineData("v=TLSRPTv1; rua=mailto:tls@good.test!10m", "percent-encoded")]
    [InlineData("v=TLSRPTv1; rua=mailto:tls@good.test.", "ends in a dot")]
    [InlineData("v=TLSRPTv1; rua=https:/reports.good.test/x", "neither mailto: nor https://")]
    [InlineData("v=TLSRPTv1; rua=https://ann@reports.good.test/x", "a user with it")]
    [InlineData("v=TLSRPTv1; rua=mailto:tls", "names no mailbox")]
    [InlineData("v=TLSRPTv1; rua=tls@good.test", "has no scheme")]
    public async Task Check_NoUsableDestination_FailsAndSaysWhy(string record, string why)
    {
        Assert.Empty(Assert.IsType<TlsRptRecordSet.Found>(TlsRptRecord.ParseOne(Encoding.UTF8.GetBytes(record))).Destinations);
        var (status, finding, _) = await CheckAsync(record);
        Assert.Equal("failed", status);
        Assert.Contains(why, finding, StringComparison.Ordinal);
    }

    [Fact] // RFC 8460 §3
    public async Task Check_OneOfTwoDestinationsUnusable_IsAdvice()
    {
        var (status, finding, remedy) = await CheckAsync("v=TLSRPTv1; rua=mailto:a@good.test,b@good.test");
        Assert.Equal(("advice", "reports go to mailto:a@good.test, and not to \"b@good.test\" has no scheme: write mailto: before it"), (status, finding));
        Assert.Contains("mailto:a@example.com,mailto:b@example.com", remedy, StringComparison.Ordinal);
    }

    [Fact] // RFC 6068 §2
    public async Task Check_SlashesBehindMailto_IsAdvice()
    {
        var (status, finding, _) = await CheckAsync("v=TLSRPTv1; rua=mailto://tls@good.test");
        Assert.Equal(("advice", "reports go to the mailbox \"//tls@good.test\", slashes and all"), (status, finding));
    }

    [Theory] // RFC 8460 §3
    [InlineData("v=TLSRPTv1 rua=mailto:a@good.test", "failed", "no semicolon stands directly behind")]
    [InlineData("v=tlsrptv1; rua=mailto:a@good.test", "failed", "other capitals")]
    [InlineData("\"v=TLSRPTv1; rua=mailto:a@good.test", "failed", "something stands before")]
    [InlineData("v=TLSRPT1; rua=mailto:a@good.test", "failed", "does not begin with v=TLSRPTv1")]
    [InlineData("v=spf1 -all", "advice", "no TXT record begins with")]
    public async Task Check_RecordNotRecognised_IsShownWithWhatIsWrong(string record, string status, string why)
    {
        var found = await CheckAsync(record);
        Assert.Equal(status, found.Status);
        Assert.Contains(why, found.Finding, StringComparison.Ordinal);
        Assert.Contains(record, found.Finding, StringComparison.Ordinal);
    }

    [Fact] // RFC 8461 §3.1
    public async Task Check_PolicyRecordWithCurlyQuotes_IsShownAsUtf8()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.Remove($"_mta-sts.{StsLab.Domain}").AddTxt($"_mta-sts.{StsLab.Domain}", "\u201cv=STSv1; id=1;\u201d");
        var step = (await lab.CheckAsync())[0];
        Assert.Contains(
            "something stands before v=STSv1: \"\u201cv=STSv1; id=1;\u201d\"", step.GetProperty("finding").GetString(), StringComparison.Ordinal);
    }

    private static async Task<(string Status, string Finding, string Remedy)> CheckAsync(string record)
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.Remove($"_smtp._tls.{StsLab.Domain}").AddTxt($"_smtp._tls.{StsLab.Domain}", record);
        var step = (await lab.CheckAsync())[^1];
        return (Text(step, "status"), Text(step, "finding"), Text(step, "remedy"));
    }

    private static string Text(JsonElement step, string property) => step.GetProperty(property).GetString()!;
}
