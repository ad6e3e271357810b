using Relay.Tests.Commands;
using Relay.Tests.Enforcement;

namespace Relay.Tests.Reports;

/// <summary><c>relay report</c> as operators run it, beside a running relay.</summary>
public sealed class ReportCommandTests : IAsyncLifetime
{
    private const string Domain = "plain.test";

    private readonly ReportDay _day = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _day.DisposeAsync();

    [Fact] // relay report list, show, preview, send
    public async Task Reports_OfADay_AreSeenComingSentAndShown()
    {
        await using var relay = await _day.StartRelayAsync();
        await ReportDay.SendAsync(relay, "delivered", $"ann@{Domain}", "ann@clear.test");

        var preview = await RunAsync("preview", Domain);
        Assert.Contains("TLS results for mail to plain.test\n", preview.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("preview", "--json")).Json.GetArrayLength());
        Assert.Equal(("counting", 1), await OnlyEntryAsync());
        Assert.StartsWith("Nothing is left to send", (await RunAsync("send")).Output, StringComparison.Ordinal);

        _day.Lab.Clock.SetUtcNow(_day.Lab.Clock.GetUtcNow().AddDays(1));
        var sent = await RunAsync("send", "--day", "2026-11-22", "--domain", Domain);
        Assert.Contains("1 of 1 done\n", sent.Output, StringComparison.Ordinal);
        Assert.Contains("Tried 1 copies", sent.Output, StringComparison.Ordinal);
        Assert.Equal(("accepted", 1), await OnlyEntryAsync());
        await _day.Collector.WaitForMessagesAsync(1, PolicyLab.Token);

        var id = (await RunAsync("list", "--domain", Domain, "--json")).Json[0].GetProperty("report-id").GetString()!;
        Assert.Contains($"Report-ID: {id}\n", (await RunAsync("show", id)).Output, StringComparison.Ordinal);
        Assert.Equal(id, (await RunAsync("show", id, "--json")).Json.GetProperty("report-id").GetString());
        Assert.Contains("mailto:tls@collector.test", (await RunAsync("list")).Output, StringComparison.Ordinal);
    }

    [Fact] // design §5: exit codes 1, 2 and 3
    public async Task Report_NothingWrongAndNobody_HaveTheirExitCodes()
    {
        await using (var relay = await _day.StartRelayAsync())
        {
            Assert.Equal(1, (await RunAsync("show", "20261122.no.test.123456@relay.test")).ExitCode);
            Assert.Equal(1, (await RunAsync("preview", Domain)).ExitCode);
            Assert.Equal(2, (await RunAsync("list", "--day", "yesterday")).ExitCode);
            Assert.Equal(2, (await RunAsync("send", "--domain", "a b")).ExitCode);
        }

        Assert.Equal(3, (await RunAsync("list")).ExitCode);
        Assert.Equal(3, (await RunAsync("send")).ExitCode);
    }

    private Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(
        [("Relay:DataDirectory", _day.Lab.DataDirectory), ("Relay:HostName", "relay.test")], PolicyLab.Token, ["report", .. arguments]);

    private async Task<(string? State, int Ok)> OnlyEntryAsync()
    {
        var entry = Assert.Single((await RunAsync("list", "--domain", Domain, "--json")).Json.EnumerateArray());
        return (entry.GetProperty("state").GetString(), entry.GetProperty("sessions-ok").GetInt32());
    }
}
