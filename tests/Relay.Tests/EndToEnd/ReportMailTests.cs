using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;
using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Sending;

namespace Relay.Tests.EndToEnd;

/// <summary>Reports mailed by the whole program.</summary>
public sealed class ReportMailTests : IAsyncDisposable
{
    private const string Rua = "tls@one.test";

    private readonly LabInternet _lab = new();
    private readonly LabPolicyHost _web = LabPolicyHost.Start();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await _web.DisposeAsync();
    }

    [Fact] // RPT-19, RPT-41, RPT-45, RPT-55, RFC 8460 §3, §5.3
    public async Task Report_ToADomainWhoseOwnTlsFailsItsPolicy_Arrives()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior { Certificate = _lab.Authority.IssueExpired("mx.one.test") });
        PublishEnforce("one.test");
        await using var relay = await StartAsync();
        await using (var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel))
        {
            await talk.SendAsync("app@corp.test", ["ann@one.test"], "Subject: a\r\n\r\nb\r\n", "250 2.0.0", Cancel);
        }

        // Ordinary mail is held back: the policy works.
        Assert.Contains("reason=sts-no-usable-mx", await relay.Log.NextAsync("deferred", Cancel), StringComparison.Ordinal);
        var counted = relay.Observations.All.Count;

        var mailer = relay.Services.GetRequiredService<IReportMailer>();
        Assert.True(mailer.CanSend, mailer.CannotSendReason);
        Assert.IsType<ReportDispatch.Accepted>(await mailer.SendAsync(Report(), Rua, "k1", Cancel));
        Assert.IsType<ReportDispatch.Accepted>(await mailer.SendAsync(Report(), Rua, "k1", Cancel));

        await mx.WaitForMessagesAsync(1, Cancel);
        var message = Assert.Single(mx.Messages);
        Assert.Equal(("bounces@relay.test", Rua, true), (message.ReversePath, message.Recipients[0], message.IsTls));
        Assert.StartsWith("DKIM-Signature: ", message.Text, StringComparison.Ordinal);
        Assert.Contains("\r\nTLS-Report-Domain: one.test\r\n", message.Text, StringComparison.Ordinal);
        Assert.Contains($"to=<{Rua}>", await relay.Log.NextAsync("delivered", Cancel), StringComparison.Ordinal);
        Assert.Equal(counted, relay.Observations.All.Count);
    }

    [Fact] // RPT-55, RFC 5321 §4.5.5
    public async Task Report_Refused_IsLoggedAndBouncedToNobody()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At("RCPT", MxAction.Reply("550 5.1.1 No such user")));
        await using var relay = await StartAsync();

        await relay.Services.GetRequiredService<IReportMailer>().SendAsync(Report(), Rua, "k1", Cancel);

        var line = await relay.Log.NextAsync("report-failed", Cancel);
        Assert.Contains($" rua=mailto:{Rua} ", line, StringComparison.Ordinal);
        Assert.Contains("550 5.1.1", line, StringComparison.Ordinal);
        Assert.Contains($"to={Rua} ", await relay.Log.NextAsync("report-suppressed", Cancel), StringComparison.Ordinal);
        Assert.Empty(mx.Messages);
    }

    [Fact] // RPT-54, RFC 8460 §7: the record's writer chooses where it goes; mail that people write goes there all the same
    public async Task Report_ToAHostInsideTheNetwork_WaitsUnlessAllowed()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await StartAsync(("TlsRpt:AllowPrivateHosts", "false"));

        await relay.Services.GetRequiredService<IReportMailer>().SendAsync(Report(), Rua, "k1", Cancel);

        var line = await relay.Log.NextAsync("deferred", Cancel);
        Assert.Contains(" reason=target-refused ", line, StringComparison.Ordinal);
        Assert.Contains("TlsRpt:AllowPrivateHosts", line, StringComparison.Ordinal);
        Assert.Empty(mx.Connections);
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], "Subject: a\r\n\r\nb\r\n", "250 2.0.0", Cancel);
        await mx.WaitForMessagesAsync(1, Cancel);
    }

    [Theory]
    [InlineData("größe@one.test")]
    [InlineData("no-domain")]
    [InlineData("a b@one.test")]
    [InlineData("a@one.test> NOTIFY=NEVER")]
    [InlineData("a\r\nBcc: x@one.test")]
    public async Task Report_ToNoAsciiMailbox_IsRefused(string mailbox)
    {
        _lab.AddDomain("one.test");
        await using var relay = await StartAsync();

        Assert.IsType<ReportDispatch.Refused>(
            await relay.Services.GetRequiredService<IReportMailer>().SendAsync(Report(), mailbox, "k1", Cancel));
    }

    private Task<RelayUnderTest> StartAsync(params (string Key, string Value)[] more)
    {
        var key = Path.Combine(_lab.DataDirectory, "dkim.pem");
        SigningKey.Create().Save(key);
        return _lab.StartRelayAsync(
        [
            ("MtaSts:FetchPort", _web.EndPoint.Port.ToString(CultureInfo.InvariantCulture)),
            ("MtaSts:TrustedRootsFile", Path.Combine(_lab.DataDirectory, "roots.pem")),
            ("MtaSts:AllowPrivateHosts", "true"),
            ("TlsRpt:AllowPrivateHosts", "true"),
            ("TlsRpt:Contact", "tls@relay.test"),
            ("TlsRpt:From", "bounces@relay.test"),
            ("TlsRpt:Dkim:Domain", "relay.test"),
            ("TlsRpt:Dkim:Selector", "rpt1"),
            ("TlsRpt:Dkim:KeyFile", key),
            .. more,
        ]);
    }

    private void PublishEnforce(string domain)
    {
        _lab.Dns.Zone.AddTxt($"_mta-sts.{domain}", "v=STSv1; id=1;");
        _lab.Dns.Zone.AddA($"mta-sts.{domain}", "127.0.0.1");
        _web.Play($"mta-sts.{domain}", PolicyHostScript.Serve(
            _lab.Authority.Issue($"mta-sts.{domain}"), $"version: STSv1\nmode: enforce\nmx: mx.{domain}\nmax_age: 86400\n"));
    }

    private static TlsReportDocument Report() => new(
        "20261122.one.test.7f3c21@relay.test", new DateOnly(2026, 11, 22), Name("one.test"), Encoding.UTF8.GetBytes("{}"), new byte[] { 0x1f, 0x8b }, "Text.\n")
    {
        Submitter = Name("relay.test"),
        Contact = "tls@relay.test",
    };

    private static DomainName Name(string text) => DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text, nameof(text));
}
