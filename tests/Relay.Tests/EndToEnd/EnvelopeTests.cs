using Relay.Lab.Mx;

namespace Relay.Tests.EndToEnd;

/// <summary>What stands on the envelope and in the content, from the client's command to the next hop's.</summary>
public sealed class EnvelopeTests : IAsyncLifetime
{
    private const string Header = "Date: Sun, 22 Nov 2026 07:40:12 +0000\r\nMessage-ID: <1@client.test>\r\n\r\n";

    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory] // DSN-01 to DSN-04, DSN-11, SMTP-44, RFC 3461 §5.2, RFC 5321 §2.4: as received, also from the store after a restart
    [InlineData(true)]
    [InlineData(false)]
    public async Task Submit_WithParameters_ReachesTheNextHopAsReceived(bool offersDsn)
    {
        var behavior = new MxBehavior { Extensions = offersDsn ? ["PIPELINING", "DSN"] : ["PIPELINING"] };
        var mx = _lab.AddDomain("one.test", behavior.At(MxRule.Connect, MxAction.ReplyAndClose("421 busy")));
        await using (var relay = await _lab.StartRelayAsync())
        {
            await SendAsync(
                relay,
                "<\"An App\"@Corp.TEST> RET=HDRS ENVID=QQ+2Bx",
                ["<Ann.Mixed@one.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Ann+2BX@Old.TEST", "<bob@one.test>"],
                Header + "body\r\n");
            await relay.Log.NextAsync("deferred", Cancel);
        }

        mx.Behavior = behavior with { HostName = "mx.one.test" };
        await using var again = await _lab.StartRelayAsync(
            new Lab.ManualClock(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(10)));
        await mx.WaitForMessagesAsync(1, Cancel);

        var envelope = mx.Connections[^1].Lines.Where(line => line.StartsWith("MAIL", StringComparison.Ordinal)
            || line.StartsWith("RCPT", StringComparison.Ordinal));
        string[] parameters = offersDsn
            ? [" RET=HDRS ENVID=QQ+2Bx", " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Ann+2BX@Old.TEST"]
            : [string.Empty, string.Empty];
        Assert.Equal(
            [$"MAIL FROM:<\"An App\"@Corp.TEST>{parameters[0]}", $"RCPT TO:<Ann.Mixed@one.test>{parameters[1]}", "RCPT TO:<bob@one.test>"],
            envelope);
    }

    [Fact] // AUTO-06, RFC 5321 §4.5.5: the null reverse-path stays null
    public async Task Submit_FromTheNullPath_KeepsIt()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "<>", ["<ann@one.test>"], Header + "body\r\n");
        Assert.Equal(string.Empty, (await mx.WaitForMessagesAsync(1, Cancel))[0].ReversePath);
    }

    [Fact] // SMTP-32, SMTP-33, RFC 5321 §4.5.2: stuffed by the client, stuffed by us, the same to the reader
    public async Task Submit_LinesOfDots_ArriveAsWritten()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "<app@corp.test>", ["<ann@one.test>"], Header + "..\r\n...\r\n....\r\n..x\r\nx.\r\n\r\n");
        Assert.EndsWith(
            "\r\n\r\n.\r\n..\r\n...\r\n.x\r\nx.\r\n\r\n", (await mx.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static async Task SendAsync(RelayUnderTest relay, string from, string[] to, string text)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync($"MAIL FROM:{from}", "250", Cancel);
        foreach (var recipient in to)
        {
            await talk.SayAsync($"RCPT TO:{recipient}", "250", Cancel);
        }

        await talk.SayAsync("DATA", "354", Cancel);
        await talk.SayAsync(text + ".", "250 2.0.0", Cancel);
    }
}
