using System.Globalization;
using Relay.Lab;
using Relay.Lab.Dns;
using Relay.Tests.Commands;
using Relay.Tests.Enforcement;

namespace Relay.Tests.Reports;

/// <summary>The real program, killed with SIGKILL while it makes and sends the reports of yesterday, and started again.</summary>
public sealed class KilledWhileReportingTests : IAsyncLifetime
{
    private const string Domain = "plain.test";
    private const string Mailto = "rua=mailto:tls@collector.test";
    private const string Https = "rua=https://reports.test:";

    private readonly ReportDay _day = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("relay-reports-");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _day.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory] // RPT-32, RPT-50, RFC 8460 §5.3, §5.5
    [InlineData("record asked")]
    [InlineData("endpoint asked")]
    [InlineData("posted")]
    [InlineData("queued")]
    [InlineData("delivered")]
    public async Task Kill_AtAStepOfReporting_LosesNothingAndRepeatsNothingAccepted(string step)
    {
        _day.Lab.Dns.Zone.Remove($"_smtp._tls.{Domain}").AddTxt(
            $"_smtp._tls.{Domain}", $"v=TLSRPTv1; rua=mailto:tls@collector.test,https://{ReportDay.Endpoint}:{_day.Lab.Web.EndPoint.Port}/r");
        await CountYesterdayAsync();
        var settings = Settings();
        var posted = false;
        await using (var relay = await RelayProcess.StartAsync(_directory.FullName, settings, PolicyLab.Token))
        {
            var sending = CommandRun.OfAsync([.. settings.Select(pair => (pair.Key, pair.Value))], PolicyLab.Token, "report", "send");
            await ReachAsync(relay, step);
            await relay.Process.KillAsync(PolicyLab.Token);
            await sending;
            posted = relay.Events("report-sent").Any(line => line.Contains(Https, StringComparison.Ordinal));
        }

        var before = _day.Lab.Web.Count(ReportDay.Endpoint);
        await using var next = await RelayProcess.StartAsync(_directory.FullName, settings, PolicyLab.Token);
        await FinishAsync(settings);
        await _day.Collector.WaitForMessagesAsync(1, PolicyLab.Token);

        // RFC 8460 §5.3: what comes twice, because its acceptance was not heard, is the same to the octet.
        Assert.Single(_day.PostsTo("/r").Select(report => report.Json.ToJsonString()).Distinct());
        Assert.Single(_day.Collector.Messages.Select(message => ArrivedReport.OfMail(message.Text).Id).Distinct());
        if (posted)
        {
            Assert.Equal(before, _day.Lab.Web.Count(ReportDay.Endpoint));
        }

        // From its queueing on the mail is the queue's, which has to repeat what it was killed in the middle of: once, at most.
        Assert.InRange(_day.Collector.Messages.Count, 1, step == "record asked" ? 1 : 2);
    }

    private async Task CountYesterdayAsync()
    {
        _day.Lab.Clock.SetUtcNow(TimeProvider.System.GetUtcNow().AddDays(-1));
        await using var relay = await _day.StartRelayAsync();
        await ReportDay.SendAsync(relay, "delivered", $"ann@{Domain}");
    }

    private async Task ReachAsync(RelayProcess relay, string step)
    {
        switch (step)
        {
            case "record asked":
                await _day.Lab.Dns.Queries.ReceivedAsync($"_smtp._tls.{Domain}", LabDnsType.Txt, 1, PolicyLab.Token);
                break;
            case "endpoint asked":
                await _day.Lab.Dns.Queries.ReceivedAsync(ReportDay.Endpoint, LabDnsType.A, 1, PolicyLab.Token);
                break;
            case "posted":
                await relay.WaitForEventAsync("report-sent", Https, PolicyLab.Token);
                break;
            case "queued":
                await relay.WaitForEventAsync("report-sent", Mailto, PolicyLab.Token);
                break;
            default:
                await relay.WaitForEventAsync("delivered", " to=<tls@collector.test> ", PolicyLab.Token);
                break;
        }
    }

    // The next life goes on by itself; the command waits for it no longer than it must.
    private static async Task FinishAsync(Dictionary<string, string> settings)
    {
        var pairs = settings.Select(setting => (setting.Key, setting.Value)).ToList();
        while (true)
        {
            var sent = await CommandRun.OfAsync(pairs, PolicyLab.Token, "report", "send");
            Assert.Equal(0, sent.ExitCode);
            var list = await CommandRun.OfAsync(pairs, PolicyLab.Token, "report", "list", "--json");
            var states = list.Json.EnumerateArray().Select(entry => entry.GetProperty("state").GetString()).ToList();
            if (states.Count == 2 && states.TrueForAll(state => state == "accepted"))
            {
                return;
            }

            Assert.All(states, state => Assert.Contains(state!, (string[])["counting", "pending", "sending", "accepted"]));
        }
    }

    private Dictionary<string, string> Settings()
    {
        var settings = RelayProcess.LabSettings(_directory.FullName, _day.Lab.Dns.Address, _day.Lab.MxPort);
        settings["Relay:HostName"] = "relay.test";
        settings["Relay:DataDirectory"] = _day.Lab.DataDirectory;
        settings["Delivery:TrustedRootsFile"] = _day.Lab.RootsFile;
        settings["MtaSts:TrustedRootsFile"] = _day.Lab.RootsFile;
        settings["MtaSts:FetchPort"] = string.Create(CultureInfo.InvariantCulture, $"{_day.Lab.Web.EndPoint.Port}");
        settings["MtaSts:AllowPrivateHosts"] = "true";
        settings["TlsRpt:AllowPrivateHosts"] = "true";
        settings["TlsRpt:Jitter"] = "00:00:00";
        settings["TlsRpt:Contact"] = "tls@relay.test";
        settings["TlsRpt:Dkim:Selector"] = "rpt1";
        settings["TlsRpt:Dkim:KeyFile"] = _day.KeyFile;
        return settings;
    }
}
