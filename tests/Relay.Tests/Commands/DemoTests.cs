using System.Diagnostics;
using System.Text.Json;

namespace Relay.Tests.Commands;

/// <summary>The command as people run it: a process of its own, with a directory for temporary files of its own.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("relay-demo-test-");

    [Fact] // RFC 8461 §5, §10.2; design: `relay demo`
    public async Task Demo_OnACorrectRelay_ShowsEveryDomainAndEndsWithZero()
    {
        var (exitCode, output, error) = await RunAsync();

        Assert.True(exitCode == 0, output + error);
        Assert.Empty(error);
        string[][] rows =
        [
            ["good.test", "nothing", "enforce", "delivered over verified TLS"],
            ["second.test", "DNS puts a foreign MX first", "enforce", "delivered over verified TLS"],
            ["unlisted.test", "DNS names only a foreign MX", "enforce", "deferred"],
            ["expired.test", "certificate expired yesterday", "enforce", "deferred"],
            ["stripped.test", "somebody on the way removes STARTTLS", "enforce", "deferred"],
            ["remembered.test", "since the first message: record gone, policy", "enforce", "deferred"],
            ["testing.test", "self-signed certificate", "testing", "delivered over unverified TLS"],
            ["selfsigned.test", "self-signed certificate", "none", "delivered over unverified TLS"],
            ["plain.test", "the MX has no STARTTLS", "none", "delivered in clear"],
        ];
        var shown = output.Split('\n')
            .Where(line => line.Contains(".test ", StringComparison.Ordinal) && line.StartsWith('│'))
            .Select(line => line.Split('│', StringSplitOptions.TrimEntries)[1..5]);
        Assert.Equal(rows, shown);
        Assert.DoesNotContain('\e', output);
        Assert.DoesNotContain(" INF ", output, StringComparison.Ordinal);
        Assert.Empty(_temporary.EnumerateFileSystemInfos());
    }

    [Fact] // What the demo would say of a relay that knows no policies: five domains' mail goes where it must not.
    public async Task Demo_OnARelayWithoutMtaSts_SaysWhatIsWrongAndEndsWithOne()
    {
        var (exitCode, output, _) = await RunAsync("--json", "--MtaSts:Enabled=false");

        Assert.Equal(1, exitCode);
        using var json = JsonDocument.Parse(output);
        var wrong = json.RootElement.EnumerateArray()
            .Where(result => !result.GetProperty("as-expected").GetBoolean())
            .ToDictionary(result => result.GetProperty("domain").GetString()!, result => result.GetProperty("mx").GetString()!);
        Assert.Equal(
            [
                KeyValuePair.Create("second.test", "mx.attacker.test"),
                KeyValuePair.Create("unlisted.test", "mx.thief.test"),
                KeyValuePair.Create("expired.test", "mx.expired.test"),
                KeyValuePair.Create("stripped.test", "mx.stripped.test"),
                KeyValuePair.Create("remembered.test", "mx.elsewhere.test"),
            ],
            wrong);
        Assert.Empty(_temporary.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Demo_WithLog_WritesTheRelaysLogToStandardErrorAlone()
    {
        var (exitCode, output, error) = await RunAsync("--json", "--log");

        Assert.Equal(0, exitCode);
        Assert.Contains(" mx-refused ", error, StringComparison.Ordinal);
        Assert.Contains(" sts-testing ", error, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(9, json.RootElement.GetArrayLength());
        Assert.Equal("deferred", json.RootElement[2].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Demo_WithAWrongSetting_NamesItAndEndsWithTwo()
    {
        var (exitCode, output, error) = await RunAsync("--MtaSts:Enabld=false");

        Assert.Equal((2, string.Empty), (exitCode, output));
        Assert.Contains("MtaSts:Enabld", error, StringComparison.Ordinal);
        Assert.Empty(_temporary.EnumerateFileSystemInfos());
    }

    public void Dispose() => _temporary.Delete(recursive: true);

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var cancel = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "relay"), ["demo", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _temporary.Parent!.FullName,
        };
        start.Environment["TMPDIR"] = _temporary.FullName;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output, await error);
    }
}
