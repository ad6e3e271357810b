using System.Text;

namespace Relay.Tests.EndToEnd;

/// <summary>Clients that mean harm, against the whole program.</summary>
public sealed class HostileClientTests : IAsyncLifetime
{
    private const string Smuggled = "MAIL FROM:<x@evil.test>\r\nRCPT TO:<y@one.test>\r\nDATA\r\nsmuggled\r\n.\r\n";

    private readonly LabInternet _lab = new();

    public static TheoryData<string> FalseEnds =>
    [
        "\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n.\r\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\0\n.\r\n",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory] // HARD-02, HARD-03, RFC 5321 §2.3.8, §4.1.1.4: the next hop sees nothing of it, by DATA or BDAT
    [MemberData(nameof(FalseEnds))]
    public async Task Data_WithAFalseEnd_ReachesNobody(string end)
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await OpenTransactionAsync(relay);
        await talk.SayAsync("DATA", "354", Cancel);
        await talk.SayAsync($"Subject: a\r\n\r\ntext{end}{Smuggled}"[..^2], "554 5.6.0", Cancel);

        var chunk = $"Subject: a\r\n\r\ntext{end}{Smuggled}";
        await talk.SayAsync("MAIL FROM:<app@corp.test>", "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@one.test>", "250", Cancel);
        await talk.SayAsync($"BDAT {chunk.Length} LAST\r\n{chunk}RSET", "554 5.6.0", Cancel);
        Assert.StartsWith("250", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);

        // What comes after an honest message is the only mail that the next hop has seen.
        await talk.SendAsync("app@corp.test", ["last@one.test"], "Subject: b\r\n\r\nhonest\r\n", "250 2.0.0", Cancel);
        Assert.Equal("last@one.test", Assert.Single((await mx.WaitForMessagesAsync(1, Cancel))[0].Recipients));
        await relay.StopAsync();
        Assert.Single(mx.Messages);
        await relay.Log.NextAsync("received", Cancel);
        Assert.Single(relay.Log.Of("received"));
    }

    [Theory] // HARD-06, RFC 5321 §4.5.3.1.6: a line without end is cut off long before it costs anything
    [InlineData("")]
    [InlineData("DATA")]
    public async Task Line_WithoutEnd_IsCutOffEarly(string within)
    {
        const int Most = 256 * 1024 * 1024;
        _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(("Relay:MaxMessageBytes", "1048576"));
        await using var bystander = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await using var talk = await OpenTransactionAsync(relay);
        if (within.Length > 0)
        {
            await talk.SayAsync(within, "354", Cancel);
        }

        var piece = Encoding.ASCII.GetBytes(new string('x', 64 * 1024));
        var sent = 0;
        try
        {
            while (sent < Most)
            {
                await talk.SendRawAsync(piece, Cancel);
                sent += piece.Length;
            }
        }
        catch (IOException)
        {
            // The relay has hung up; the buffers of two sockets are what it took at most, beside its limit.
        }

        Assert.InRange(sent, 1, 32 * 1024 * 1024);
        await bystander.SayAsync("NOOP", "250", Cancel);
        Assert.Empty(relay.Log.Of("received"));
    }

    [Theory] // HARD-11, HARD-12, RFC 5322 §2.2: what would break a line never comes to stand in one
    [InlineData("EHLO a\nReceived: from evil", "500 5.5.2")]
    [InlineData("EHLO a\rb", "500 5.5.2")]
    [InlineData("EHLO a\0b", "500 5.5.2")]
    [InlineData("EHLO a=0D=0AReceived:", "501 5.5.4")]
    [InlineData("EHLO a(b", "501 5.5.4")]
    [InlineData("MAIL FROM:<a\nb@corp.test>", "500 5.5.2")]
    [InlineData("MAIL FROM:<\"a\u0001b\"@corp.test>", "501 5.1.7")]
    [InlineData("MAIL FROM:<a@corp.test> ENVID=a+0D+0Ab", "501 5.5.4")]
    public async Task Command_WithAHiddenLineBreak_IsRefused(string command, string expected)
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(command, expected, Cancel);
        await talk.SayAsync("NOOP", "250", Cancel);
        Assert.DoesNotContain("\nReceived", relay.Log.Text, StringComparison.Ordinal);
    }

    [Fact] // HARD-15, RFC 5321 §4.5.3.1.8: a hundred recipients are always taken
    public async Task Rcpt_AboveTheLimit_IsPutOffAndTheRestDelivered()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(("Relay:MaxRecipients", "100"));
        await using var talk = await OpenTransactionAsync(relay);
        for (var i = 1; i < 100; i++)
        {
            await talk.SayAsync($"RCPT TO:<u{i}@one.test>", "250", Cancel);
        }

        await talk.SayAsync("RCPT TO:<more@one.test>", "452 4.5.3", Cancel);
        await talk.SayAsync("DATA", "354", Cancel);
        await talk.SayAsync("Subject: a\r\n\r\nb\r\n.", "250 2.0.0", Cancel);
        Assert.Equal(100, (await mx.WaitForMessagesAsync(1, Cancel))[0].Recipients.Count);
    }

    [Fact] // HARD-15
    public async Task Connect_BeyondTheTotal_Gets421UntilSomebodyLeaves()
    {
        await using var relay = await _lab.StartRelayAsync(("Relay:MaxConnections", "1"));
        await using (var first = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel))
        {
            await using var second = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
            Assert.StartsWith("421 4.", await second.ReadReplyAsync(Cancel), StringComparison.Ordinal);
            await first.SayAsync("QUIT", "221", Cancel);
            Assert.Empty(await first.ReadReplyAsync(Cancel));
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static async Task<SmtpTalk> OpenTransactionAsync(RelayUnderTest relay)
    {
        var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("MAIL FROM:<app@corp.test>", "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@one.test>", "250", Cancel);
        return talk;
    }
}
