using Relay.Lab.Mx;

namespace Relay.Tests.Commands;

/// <summary><c>relay queue</c> as operators run it, beside a running relay.</summary>
public sealed class QueueCommandTests : IAsyncDisposable
{
    private readonly LabInternet _internet = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _internet.DisposeAsync();

    [Fact] // relay queue list, show, hold, release, retry, drop
    public async Task Queue_OfDeferredMail_IsListedShownHeldReleasedRetriedAndDropped()
    {
        _internet.AddDomain("later.test", new MxBehavior().At("RCPT", MxAction.Reply("450 4.2.0 busy")));
        await using var relay = await _internet.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        await talk.SendAsync("app@corp.test", ["ann@later.test"], "Subject: hello\r\nX-Odd: \u001b[2J\r\n\r\nbody\r\n", "250 2.0.0", Token);
        await relay.Log.NextAsync("deferred", Token);
        var entry = await OnlyEntryAsync(wanted => wanted.GetProperty("attempts").GetInt32() == 1);
        var id = entry.GetProperty("queue").GetString()!;
        Assert.Equal(
            ("<app@corp.test>", "<ann@later.test>", "queued", "4.2.0"),
            (entry.GetProperty("from").GetString(), entry.GetProperty("to").GetString(), entry.GetProperty("state").GetString(),
                entry.GetProperty("dsn").GetString()));

        var list = await RunAsync("list");
        Assert.Contains($"{id}  ", list.Output, StringComparison.Ordinal);
        Assert.Contains("queued   <ann@later.test>  1 attempts, next ", list.Output, StringComparison.Ordinal);
        Assert.Contains("1 messages in the queue; recipients: 1 queued, 0 held, 0 failed", list.Output, StringComparison.Ordinal);
        var shown = await RunAsync("show", id);
        Assert.Contains("Subject: hello\n", shown.Output, StringComparison.Ordinal);
        Assert.Contains("\n by relay.test with ", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("body", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output);
        Assert.Equal(id, (await RunAsync("show", id, "--json")).Json.GetProperty("queue").GetString());

        Assert.Equal(0, (await RunAsync("hold", id)).ExitCode);
        Assert.Contains($"held queue={id} recipients=1 by=uid:", relay.Log.Text, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("hold", id)).ExitCode);
        Assert.Equal(1, (await RunAsync("retry", id)).ExitCode);
        Assert.Equal(1, (await RunAsync("list", "--state", "held", "--json")).Json.GetArrayLength());
        Assert.Equal(0, (await RunAsync("list", "--state", "failed", "--json")).Json.GetArrayLength());
        Assert.Equal(0, (await RunAsync("release", id)).ExitCode);
        await relay.Log.NextAsync("deferred", Token);
        await OnlyEntryAsync(wanted => wanted.GetProperty("attempts").GetInt32() == 2);

        foreach (var choice in (string[][])[["retry", id], ["retry", "--domain", "LATER.test"], ["retry", "--all"]])
        {
            Assert.Equal(0, (await RunAsync(choice)).ExitCode);
            await relay.Log.NextAsync("deferred", Token);
        }

        Assert.Equal(0, (await RunAsync("drop", id)).ExitCode);
        Assert.Contains("to=<ann@later.test> state=queued by=uid:", await relay.Log.NextAsync("dropped", Token), StringComparison.Ordinal);
        Assert.Equal("[]\n", (await RunAsync("list", "--json")).Output);
    }

    [Fact]
    public async Task List_LongQueue_IsPagedAndLimited()
    {
        await using var relay = await _internet.StartRelayAsync(("Dns:Timeout", "00:00:01"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        var recipients = Enumerable.Range(0, 600).Select(number => $"u{number}@nowhere{number % 3}.test").ToArray();

        // From the null reverse-path: what fails is kept, for nobody can be told.
        await talk.SendAsync(string.Empty, recipients, "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", Token);

        Assert.Equal(600, (await RunAsync("list", "--json")).Json.GetArrayLength());
        Assert.Equal(200, (await RunAsync("list", "--json", "--domain", "nowhere1.test")).Json.GetArrayLength());
        var limited = await RunAsync("list", "--json", "--limit", "550");
        Assert.Equal(550, limited.Json.GetArrayLength());
        Assert.StartsWith("Only the oldest 550", limited.Error, StringComparison.Ordinal);
    }

    [Fact] // design §5: exit codes 1, 2 and 3
    public async Task Queue_NothingWrongAndNobody_HaveTheirExitCodes()
    {
        await using (await _internet.StartRelayAsync())
        {
            foreach (var verb in (string[])["show", "hold", "release", "drop", "retry"])
            {
                Assert.Equal(1, (await RunAsync(verb, "ZZZZZZ")).ExitCode);
                Assert.Equal(2, (await RunAsync(verb, "not-an-id")).ExitCode);
            }

            Assert.Equal(2, (await RunAsync("retry")).ExitCode);
            Assert.Equal(2, (await RunAsync("retry", "ZZZZZZ", "--all")).ExitCode);
            Assert.Equal(2, (await RunAsync("list", "--state", "lost")).ExitCode);
            Assert.Equal(2, (await RunAsync("list", "--limit", "-1")).ExitCode);
            Assert.Equal(0, (await RunAsync("list")).ExitCode);
        }

        Assert.Equal(3, (await RunAsync("list")).ExitCode);
        Assert.Equal(3, (await RunAsync("drop", "ZZZZZZ")).ExitCode);
    }

    private Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(
        [("Relay:DataDirectory", _internet.DataDirectory), ("Relay:HostName", "relay.test")], Token, ["queue", .. arguments]);

    private async Task<System.Text.Json.JsonElement> OnlyEntryAsync(Predicate<System.Text.Json.JsonElement> isWanted)
    {
        // The line in the log is written before the store is.
        System.Text.Json.JsonElement entry = default;
        await Poll.UntilAsync(
            async () =>
            {
                entry = Assert.Single((await RunAsync("list", "--json")).Json.EnumerateArray());
                return isWanted(entry);
            },
            Token);
        return entry;
    }
}
