using System.Diagnostics;
using Relay.Lab;
using Relay.Lab.Dns;
using Relay.Lab.Processes;
using Relay.LoadTest.Load;

namespace Relay.Tests.EndToEnd;

/// <summary>The real program as a process: its signals, its exit codes, and what survives its death.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-process").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // SMTP-45, RFC 5321 §6.1: answered 250, killed, restarted, delivered.
    public async Task Kill_InTheMiddleOfFiveThousandMessages_LosesNoneThatWasAnswered250()
    {
        var result = await LoadRun.RunAsync(new LoadPlan { Messages = 5000, KillAfter = 2500 }, _directory, Cancel);
        Assert.Equal(0, result.Lost);
        Assert.Equal(0, result.Foreign);
        Assert.True(result.Accepted > 4000, $"only {result.Accepted} accepted");
        Assert.InRange(result.Doubled, 0, result.OpenAtKill);
    }

    [Fact]
    public async Task Terminate_WithMailQueuedAndASessionOpen_Is421AndExitCodeZero()
    {
        await using var dns = LabDnsServer.Start();
        await using var relay = await RelayProcess.StartAsync(_directory, RelayProcess.LabSettings(_directory, dns.Address, 9), Cancel);
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ann@nowhere.test"], "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", Cancel);
        var ended = relay.Process.TerminateAsync(Cancel);
        Assert.StartsWith("421", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(0, await ended);
        Assert.Single(relay.Events("stopped"));
    }

    [Theory] // also where the runtime is told to lock no files
    [InlineData("0")]
    [InlineData("1")]
    public async Task Run_OnADataDirectoryInUse_SaysSoAndExitsTwo(string isLockingDisabled)
    {
        await using var dns = LabDnsServer.Start();
        var settings = RelayProcess.LabSettings(_directory, dns.Address, 9);
        await using var first = await RelayProcess.StartAsync(_directory, settings, Cancel);
        var (code, text) = await RunAsync(
            [("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", isLockingDisabled)],
            "run", $"--Relay:DataDirectory={settings["Relay:DataDirectory"]}", "--Relay:Listeners:0:Address=127.0.0.1:0");
        Assert.Equal(2, code);
        Assert.Contains("Another relay runs on the data directory", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OnAPortInUse_SaysSoAndExitsTwo()
    {
        await using var dns = LabDnsServer.Start();
        await using var first = await RelayProcess.StartAsync(_directory, RelayProcess.LabSettings(_directory, dns.Address, 9), Cancel);
        var (code, text) = await RunAsync(
            "run", $"--Relay:DataDirectory={Path.Combine(_directory, "other")}", $"--Relay:Listeners:0:Address={first.EndPoint}");
        Assert.Equal(2, code);
        Assert.Contains($"{first.EndPoint}", text, StringComparison.Ordinal);
        Assert.Contains("address already in use", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Relay:HostNmae=x", "Relay:HostNmae: unknown key; did you mean HostName?")]
    [InlineData("Relay:Listeners:0:Address=here", "Relay:Listeners:0:Address: \"here\" is not an address with a port")]
    [InlineData("Delivery:Port=70000", "Delivery:Port: 70000 is out of range")]
    [InlineData("Queue:Lifetime=soon", "Queue:Lifetime: \"soon\" is not a duration")]
    [InlineData("Dns:Servers:0=foo", "Dns:Servers:0: \"foo\" is not an address")]
    [InlineData("Store:Engine=Oracle", "Store:Engine: ")]
    [InlineData("MtaSts:FetchPort=0", "MtaSts:FetchPort: ")]
    [InlineData("TlsRpt:Enabled=maybe", "TlsRpt:Enabled: \"maybe\" is not true or false")] // found by fuzzing: it was read before it was checked
    public async Task ConfigCheck_Fault_IsNamedWithKeyAndExitCodeTwo(string setting, string expected)
    {
        var (code, text) = await RunAsync("config", "check", $"--{setting}");
        Assert.Equal(2, code);
        Assert.StartsWith(expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigCheck_TheConfigurationThatComesWithTheProgram_HasNoFaults()
    {
        var (code, text) = await RunAsync("config", "check");
        Assert.Equal(0, code);
        Assert.Contains("no faults found", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"Relay\": }", "line 1, column 12")]
    [InlineData("[]", "does not hold a JSON object")]
    [InlineData("{ \"Relay\": {}, \"relay\": { \"HostName\": \"a\", \"HostName\": \"b\" } }", "give every key once")] // found by fuzzing
    public async Task ConfigCheck_BrokenFile_IsNamedWithItsPlace(string json, string expected)
    {
        var file = Path.Combine(_directory, "broken.json");
        await File.WriteAllTextAsync(file, json, Cancel);
        var (code, text) = await RunAsync("config", "check", "--config", file);
        Assert.Equal(2, code);
        Assert.StartsWith(file, text, StringComparison.Ordinal);
        Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommandLine_UnknownWord_ExitsTwo()
    {
        var (code, text) = await RunAsync("frobnicate");
        Assert.Equal(2, code);
        Assert.Contains("\"frobnicate\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_Setting_IsTaken()
    {
        var (code, text) = await RunAsync([("RELAY__Relay__MaxRecipients", "5")], "config", "check");
        Assert.Equal(2, code);
        Assert.StartsWith("Relay:MaxRecipients: 5 is too small", text, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private Task<(int Code, string Text)> RunAsync(params string[] arguments) => RunAsync([], arguments);

    private async Task<(int Code, string Text)> RunAsync((string Key, string Value)[] environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "relay"), arguments) { WorkingDirectory = _directory };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        await using var process = LabProcess.Start(start, Path.Combine(_directory, $"{Guid.NewGuid()}.log"));
        var code = await process.WaitForExitAsync(Cancel);
        return (code, string.Join('\n', process.Log.Lines));
    }
}
