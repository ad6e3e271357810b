using System.Text.RegularExpressions;

namespace Relay.Tests.Commands;

/// <summary>The way an operator goes when the queue is damaged.</summary>
public sealed class QueueRecoverCommandTests : IAsyncDisposable
{
    private readonly LabInternet _internet = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _internet.DisposeAsync();

    [Fact]
    public async Task Run_OnADamagedQueue_ExitsTwoAndRecoverBringsTheMailBack()
    {
        var mx = _internet.AddDomain("good.test");
        var file = Path.Combine(_internet.DataDirectory, "queue.db");
        await using (var relay = await _internet.StartRelayAsync(("Dns:Servers:0", "127.0.0.1:9"), ("Dns:Timeout", "00:00:01"), ("Dns:Attempts", "1")))
        {
            await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
            await talk.SendAsync("app@corp.test", ["ann@good.test"], "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", Token);
            await relay.Log.NextAsync("deferred", Token);

            // Not while a relay runs on it.
            var early = await RunAsync("queue", "recover");
            Assert.Equal(2, early.ExitCode);
            Assert.Contains("Another relay runs on the data directory", early.Error, StringComparison.Ordinal);
        }

        await using (var stream = new FileStream(file, FileMode.Open))
        {
            await stream.WriteAsync(new byte[100], Token);
        }

        var refused = await RunAsync("run");
        Assert.Equal(2, refused.ExitCode);
        Assert.Matches($"^The queue store {Regex.Escape(file)} is damaged: .*relay queue recover", refused.Error);

        var recovered = await RunAsync("queue", "recover");
        Assert.Equal(0, recovered.ExitCode);
        Assert.StartsWith("Recovered 1 messages with 1 recipients", recovered.Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_internet.DataDirectory, "queue.db.damaged-*"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        await using var again = await _internet.StartRelayAsync();
        Assert.Equal(0, (await RunAsync("queue", "retry", "--all")).ExitCode);
        await again.Log.NextAsync("delivered", Token);
        Assert.Single(mx.Messages);
    }

    private Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(
        [
            ("Relay:DataDirectory", _internet.DataDirectory), ("Relay:HostName", "relay.test"), ("Relay:Listeners:0:Address", "127.0.0.1:0"),
        ],
        Token,
        arguments);
}
