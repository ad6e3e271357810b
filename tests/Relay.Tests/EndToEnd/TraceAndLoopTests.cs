namespace Relay.Tests.EndToEnd;

/// <summary>The trace that the whole program leaves in a message, and the loops that it stops by it.</summary>
public sealed class TraceAndLoopTests : IAsyncLifetime
{
    private const string Text = "Date: Sun, 22 Nov 2026 07:40:12 +0000\r\nMessage-ID: <1@client.test>\r\n\r\nbody\r\n";

    // RFC 5321 §4.4, Time-stamp-line: FROM, BY, optional WITH, ID and FOR, and a date with four digits of year and a numeric offset.
    private const string Grammar =
        "^Received: from \\S+ \\(\\[[0-9.]+\\]\\)\r\n\tby relay\\.test with ESMTP id [0-9A-Z]+(\r\n\tfor <[^<>\\s]+>)?;\r\n"
        + "\t[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\r\n$";

    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory] // SMTP-53, SMTP-54, SMTP-58, RFC 5321 §4.4
    [InlineData("ann@one.test", 1)]
    [InlineData("ann@one.test,bob@one.test", 0)]
    public async Task Submit_Message_IsTracedByTheGrammarAndForOneRecipientAtMost(string recipients, int forClauses)
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, recipients.Split(','));
        var text = (await mx.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.EndsWith(Text, text, StringComparison.Ordinal);
        var trace = text[..^Text.Length];
        Assert.Matches(Grammar, trace);
        Assert.Equal(forClauses, trace.Split("\tfor <").Length - 1);
    }

    [Fact] // SMTP-59, SMTP-60, RFC 5321 §6.3: two relays that hand a message to each other stop
    public async Task Deliver_TwoRelaysPointingAtEachOther_Ends()
    {
        _lab.AddDomain("one.test");
        var (here, there) = ($"127.0.0.3:{_lab.MxPort}", $"127.0.0.4:{_lab.MxPort}");
        _lab.Dns.Zone.AddA("here.test", "127.0.0.3");
        _lab.Dns.Zone.AddA("there.test", "127.0.0.4");
        await using var first = await StartAsync("here.test", here, "there.test");
        await using var second = await StartAsync("there.test", there, "here.test");

        await SendAsync(first, ["ann@loop.test"]);

        var bounced = await first.Log.NextAsync("bounced", Cancel);
        Assert.Contains("dsn=5.4.6", bounced, StringComparison.Ordinal);
        Assert.Equal(101, first.Log.Of("received").Count + second.Log.Of("received").Count);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private Task<RelayUnderTest> StartAsync(string name, string address, string nextHop) => _lab.StartRelayAsync(
        ("Relay:HostName", name),
        ("Relay:DataDirectory", Path.Combine(_lab.DataDirectory, name)),
        ("Relay:Listeners:0:Address", address),
        ("Relay:Routes:0:Domain", "loop.test"),
        ("Relay:Routes:0:NextHop", nextHop));

    private static async Task SendAsync(RelayUnderTest relay, string[] recipients)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", recipients, Text, "250 2.0.0", Cancel);
        await talk.SayAsync("QUIT", "221", Cancel);
    }
}
