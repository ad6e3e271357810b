using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Tests.Commands;

/// <summary><c>relay sts check</c> against a domain that is right, and against each way of being wrong.</summary>
public sealed class StsCheckTests
{
    [Fact]
    public async Task Check_GoodDomain_PassesEveryStepAndSendsNoMail()
    {
        await using var lab = new StsLab();
        var run = await lab.StsAsync("check", StsLab.Domain);

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.DoesNotContain("✘", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("⚠", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Contains("✔ txt-record: id=20261123\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("✔ listed: the policy lists it: mx: mx.good.test\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("✔ handshake: TLSv1.3 TLS_", run.Output, StringComparison.Ordinal);
        Assert.Contains("      chain   CN=mx.good.test < CN=Lab Intermediate < CN=Lab Root\n", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("✔ A sender would deliver, protected by the policy.\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(["EHLO", "STARTTLS", "EHLO", "QUIT"], lab.Mx.Commands.Select(command => command.Line.Split(' ')[0]));
    }

    [Fact]
    public async Task Check_AsJson_HasTheSameStepsAsData()
    {
        await using var lab = new StsLab();
        var run = await lab.StsAsync("check", StsLab.Domain, "--json");

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal("delivers", run.Json.GetProperty("verdict").GetString());
        Assert.True(run.Json.GetProperty("passed").GetBoolean());
        Assert.Equal(
            [
                "txt-record", "policy-host", "certificate", "https", "policy", "mode", "max-age", "mx",
                "listed", "connect", "starttls", "handshake", "certificate", "tls-rpt",
            ],
            StsLab.Steps(run).Select(step => step.GetProperty("step").GetString()));
        Assert.All(StsLab.Steps(run), step => Assert.Equal("passed", step.GetProperty("status").GetString()));
        var shown = StsLab.Steps(run).Last(step => step.GetProperty("step").GetString() == "certificate").GetProperty("certificate");
        Assert.Equal("mx.good.test", Assert.Single(shown.GetProperty("names").EnumerateArray()).GetString());
    }

    [Fact] // STS-05, STS-06, RFC 8461 §3.1
    public async Task Check_RecordAbsentBrokenOrTwice_SaysWhichAndHowToMendIt()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.Remove($"_mta-sts.{StsLab.Domain}", LabDnsType.Txt);
        await FailsAsync(lab, "txt-record", "there is no TXT record", "Publish: _mta-sts.good.test. TXT \"v=STSv1; id=", "delivers-unprotected");

        lab.Dns.Zone.AddTxt($"_mta-sts.{StsLab.Domain}", "v=stsv1; id=1;");
        await FailsAsync(lab, "txt-record", "no TXT record begins with \"v=STSv1;\"", "Publish:", "delivers-unprotected");

        lab.Dns.Zone.AddTxt($"_mta-sts.{StsLab.Domain}", "v=STSv1; id=2026-11-23;");
        await FailsAsync(lab, "txt-record", "the id is malformed at octet 9", "1 to 32 ASCII letters", "delivers-unprotected");

        lab.Dns.Zone.AddTxt($"_mta-sts.{StsLab.Domain}", "v=STSv1; id=2;");
        await FailsAsync(lab, "txt-record", "2 records begin with v=STSv1", "Remove all but one", "delivers-unprotected");

        lab.Dns.SetFault($"_mta-sts.{StsLab.Domain}", LabDnsType.Txt, new LabDnsFault.Code(2));
        await FailsAsync(lab, "txt-record", "DNS does not answer", "name servers", "delivers-unprotected");
    }

    [Fact] // RFC 8461 §8.2: the record may be an alias
    public async Task Check_RecordBehindAnAlias_PassesAndSaysWhereItLed()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.Remove($"_mta-sts.{StsLab.Domain}", LabDnsType.Txt);
        lab.Dns.Zone.AddCname($"_mta-sts.{StsLab.Domain}", "sts.provider.test").AddTxt("sts.provider.test", "v=STSv1; id=7;");
        var run = await lab.StsAsync("check", StsLab.Domain);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("✔ txt-record: id=7 (alias of sts.provider.test)\n", run.Output, StringComparison.Ordinal);
    }

    [Fact] // STS-41, RFC 8461 §3.3
    public async Task Check_PolicyHostAtAPrivateAddressOrNowhere_Fails()
    {
        await using var lab = new StsLab();
        lab.Settings.Add(("MtaSts:AllowPrivateHosts", "false"));
        await FailsAsync(lab, "policy-host", "127.0.0.1, which is no public address", "public addresses", "delivers-unprotected");
        lab.Dns.Zone.Remove($"mta-sts.{StsLab.Domain}");
        await FailsAsync(lab, "policy-host", "has no address", "Publish A or AAAA records for mta-sts.good.test", "delivers-unprotected");
    }

    [Fact] // STS-26, STS-28, STS-32, STS-33, STS-37, RFC 8461 §3.2, §3.3
    public async Task Check_PolicyHostMisbehaves_SaysHow()
    {
        await using var lab = new StsLab();
        lab.Serve(script => script with { Status = 301, Headers = ["Location: https://www.good.test/"] });
        await FailsAsync(lab, "https", "answered 301", "senders do not follow redirects", "delivers-unprotected");
        lab.Serve(script => script with { Status = 404 });
        await FailsAsync(lab, "https", "answered 404", "answer 200", "delivers-unprotected");
        lab.Serve(script => script with { ContentType = "text/html" });
        await FailsAsync(lab, "https", "the media type is \"text/html\"", "Content-Type: text/plain", "delivers-unprotected");
        lab.Serve(new string('x', 70_000));
        await FailsAsync(lab, "policy", "more than 64 KiB", "64 KiB", "delivers-unprotected");

        using var expired = lab.Authority.IssueExpired($"mta-sts.{StsLab.Domain}");
        lab.Serve(script => script with { Certificate = expired });
        await FailsAsync(lab, "certificate", "it expired", "Renew the certificate", "delivers-unprotected");
        using var wrong = lab.Authority.IssueWrongName();
        lab.Serve(script => script with { Certificate = wrong });
        await FailsAsync(lab, "certificate", "it is for wrong-name.test", "with the DNS name mta-sts.good.test", "delivers-unprotected");
        using var unknown = lab.Authority.IssueSelfSigned($"mta-sts.{StsLab.Domain}");
        lab.Serve(script => script with { Certificate = unknown });
        await FailsAsync(lab, "certificate", "self-signed-certificate", "public authority", "delivers-unprotected");
    }

    [Theory] // STS-18, STS-19, STS-20, STS-21, RFC 8461 §3.2
    [InlineData("version: STSv1\nmode: strict\nmx: mx.good.test\nmax_age: 86400\n", "line 2: the mode is none of", "enforce, testing or none")]
    [InlineData("version: STSv1\nmode: enforce\nmx: *.*.test\nmax_age: 86400\n", "line 3: the mx is no host name", "mx: *.good.test")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 1d\n", "line 4: max_age is not", "max_age: 2592000")]
    [InlineData("version: STSv1\nmode: enforce\nmax_age: 86400\n", "there is no mx", "one line for each MX host")]
    [InlineData("<html>\n", "line 1: the line is not name: value", "web page")]
    public async Task Check_PolicyBroken_NamesLineAndRemedy(string policy, string finding, string remedy)
    {
        await using var lab = new StsLab();
        lab.Serve(policy);
        await FailsAsync(lab, "policy", finding, remedy, "delivers-unprotected");
    }

    [Fact] // RFC 8461 §3.2, §10.2
    public async Task Check_TestingAndShortLife_IsAdviceOnly()
    {
        await using var lab = new StsLab();
        lab.Serve(StsLab.Policy.Replace("enforce", "testing", StringComparison.Ordinal).Replace("2592000", "3600", StringComparison.Ordinal));
        lab.Dns.Zone.Remove($"_smtp._tls.{StsLab.Domain}");
        var run = await lab.StsAsync("check", StsLab.Domain);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("⚠ mode: testing", run.Output, StringComparison.Ordinal);
        Assert.Contains("⚠ max-age: 3600 s", run.Output, StringComparison.Ordinal);
        Assert.Contains("⚠ tls-rpt: there is no record", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("✔ A sender would deliver, also with mode enforce.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact] // STS-54, STS-59, RFC 8461 §4.1
    public async Task Check_MxNotListed_IsRefused()
    {
        await using var lab = new StsLab();
        lab.Serve(StsLab.Policy.Replace("mx: mx.good.test", "mx: *.mx.good.test", StringComparison.Ordinal));
        await FailsAsync(lab, "listed", "the policy does not list it", "Add the line mx: mx.good.test", "refuses");
    }

    [Fact] // STS-61, RFC 8461 §5.1
    public async Task Check_OneMxOfTwoNotListed_DeliversToTheOtherAndStillFails()
    {
        await using var lab = new StsLab();
        lab.Internet.AddDomain("backup.test");
        lab.Dns.Zone.AddMx(StsLab.Domain, 20, "mx.backup.test");
        var run = await FailsAsync(lab, "listed", "the policy does not list it", "Add the line mx: mx.backup.test", "delivers");
        Assert.Equal("A sender would deliver to 1 of 2 MX hosts and pass over the others.", run.Json.GetProperty("summary").GetString());
    }

    [Fact] // STS-57, STS-59, RFC 8461 §4.2
    public async Task Check_MxWithoutGoodTls_IsRefusedAndSaysWhy()
    {
        await using var lab = new StsLab();
        var good = lab.Mx.Behavior;
        lab.Mx.Behavior = good with { OffersStartTls = false };
        await FailsAsync(lab, "starttls", "STARTTLS is not offered", "switch STARTTLS on", "refuses");
        lab.Mx.Behavior = good.At("STARTTLS", MxAction.Reply("454 4.7.0 TLS not available"));
        await FailsAsync(lab, "starttls", "454 4.7.0 TLS not available", "TLS set-up", "refuses");
        lab.Mx.Behavior = good with { Handshake = MxHandshake.Garbage };
        await FailsAsync(lab, "handshake", "the handshake failed", "TLS 1.2 or 1.3", "refuses");
        lab.Mx.Behavior = good with { InjectedAfterStartTls = "250 injected\r\n" };
        await FailsAsync(lab, "starttls", "octets in clear", "Update the mail server", "refuses");
        using var wrong = lab.Authority.IssueWrongName();
        lab.Mx.Behavior = good with { Certificate = wrong };
        await FailsAsync(lab, "certificate", "not valid for mx.good.test: it is for wrong-name.test", "DNS name mx.good.test", "refuses");
        using var expired = lab.Authority.IssueExpired("mx.good.test");
        lab.Mx.Behavior = good with { Certificate = expired };
        await FailsAsync(lab, "certificate", "it expired", "Renew the certificate", "refuses");
        using var bare = lab.Authority.IssueWithoutIntermediate("mx.good.test");
        lab.Mx.Behavior = good with { Certificate = bare };
        await FailsAsync(lab, "certificate", "incomplete-chain", "Send the certificate's intermediates", "refuses");
    }

    [Fact] // STS-51, RFC 8461 §5
    public async Task Check_ModeNoneAndMxWithoutTls_IsAdviceOnly()
    {
        await using var lab = new StsLab(new MxBehavior { OffersStartTls = false });
        lab.Serve("version: STSv1\nmode: none\nmax_age: 86400\n");
        var run = await lab.StsAsync("check", StsLab.Domain, "--json");
        Assert.Equal((0, "delivers-unprotected"), (run.ExitCode, run.Json.GetProperty("verdict").GetString()));
    }

    [Fact] // RFC 5321 §5.1, RFC 7505 §3
    public async Task Check_NullMxDeadMxOrMxWithoutAddress_IsUndeliverable()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.AddA("mx.good.test", "127.0.0.99");
        lab.Dns.Zone.Remove("mx.good.test").AddA("mx.good.test", "127.0.0.99");
        await FailsAsync(lab, "connect", "127.0.0.99: connection refused", "Make the host answer on port", "undeliverable");
        lab.Dns.Zone.Remove("mx.good.test");
        await FailsAsync(lab, "address", "mx.good.test has no address", "Publish A or AAAA", "undeliverable");
        lab.Dns.Zone.Remove(StsLab.Domain, LabDnsType.Mx).AddMx(StsLab.Domain, 0, ".");
        await FailsAsync(lab, "mx", "null MX", "takes no mail", "undeliverable");
    }

    [Fact] // RFC 5321 §5.1
    public async Task Check_OneAddressOfAHostDead_IsAdvice()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.AddA("mx.good.test", "127.0.0.99");
        var run = await lab.StsAsync("check", StsLab.Domain);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("⚠ connect: 127.0.0.99: connection refused", run.Output, StringComparison.Ordinal);
    }

    [Fact] // RFC 8460 §3
    public async Task Check_ReportingRecordWithoutAddressOrTwice_Fails()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.AddTxt($"_smtp._tls.{StsLab.Domain}", "v=TLSRPTv1; rua=https://two.test/");
        await FailsAsync(lab, "tls-rpt", "2 records begin with v=TLSRPTv1", "Remove all but one", "delivers");
        lab.Dns.Zone.Remove($"_smtp._tls.{StsLab.Domain}").AddTxt($"_smtp._tls.{StsLab.Domain}", "v=TLSRPTv1; rua=tls@good.test");
        await FailsAsync(lab, "tls-rpt", "names nobody to report to", "rua=mailto:", "delivers");
    }

    [Fact]
    public async Task Check_HostileTexts_PutNoControlCharacterOnTheTerminal()
    {
        await using var lab = new StsLab(new MxBehavior { OffersStartTls = false }.At("EHLO", MxAction.Reply("550 \u001b]0;owned\u0007\u009b2J")));
        lab.Dns.Zone.Remove($"_mta-sts.{StsLab.Domain}", LabDnsType.Txt);
        lab.Dns.Zone.AddTxt($"_mta-sts.{StsLab.Domain}", "v=STSv1; id=\u001b[2J\r\u202e\u0000;");
        lab.Dns.Zone.Remove($"_smtp._tls.{StsLab.Domain}").AddTxt($"_smtp._tls.{StsLab.Domain}", "v=TLSRPTv1; \u001b[31m[red]x[/]");
        lab.Serve(script => script with { ContentType = "text/html;x=\"\u009b2J\"" });
        foreach (var option in (string[][])[[], ["--json"]])
        {
            var run = await lab.StsAsync(["check", StsLab.Domain, .. option]);
            Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
            Assert.Contains("the id is malformed", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(run.Output, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        }
    }

    [Theory]
    [InlineData("not a domain")]
    [InlineData("ann@good.test")]
    [InlineData(".")]
    [InlineData("a..b")]
    public async Task Check_NoDomain_IsWrongUsage(string domain)
    {
        await using var lab = new StsLab();
        var run = await lab.StsAsync("check", domain);
        Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
        Assert.Contains("is not a domain name", run.Error, StringComparison.Ordinal);
    }

    private static async Task<CommandRun> FailsAsync(StsLab lab, string step, string finding, string remedy, string verdict)
    {
        var run = await lab.StsAsync("check", StsLab.Domain, "--json");
        Assert.True(run.ExitCode == 1, $"exit code {run.ExitCode}: {run.Output}{run.Error}");
        var failed = Assert.Single(StsLab.Steps(run), found => found.GetProperty("status").GetString() == "failed");
        Assert.Equal(step, failed.GetProperty("step").GetString());
        Assert.Contains(finding, failed.GetProperty("finding").GetString(), StringComparison.Ordinal);
        Assert.Contains(remedy, failed.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Equal(verdict, run.Json.GetProperty("verdict").GetString());
        return run;
    }
}
