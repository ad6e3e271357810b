namespace Relay.Tests.EndToEnd;

/// <summary>Whoever's message is refused calls the operator, who finds the reason in the log.</summary>
public sealed class RefusedMessageTests : IAsyncLifetime
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // HARD-01: the commonest reason that honest software is refused
    public async Task Submit_BareLineFeeds_LeavesALogLine()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], "Subject: x\n\nbody\r\n", "554 5.6.0", Cancel);

        var line = await relay.Log.NextAsync("refused", Cancel);
        Assert.Contains(
            " WRN refused from=<app@corp.test> client=127.0.0.1 helo=client.test reply=\"554 5.6.0 ", line, StringComparison.Ordinal);
    }

    [Fact] // SMTP size limit, RFC 1870 §6.1
    public async Task Submit_TooBigByDeclaration_LeavesALogLine()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("MAIL FROM:<app@corp.test> SIZE=99999999999", "552 5.3.4", Cancel);

        Assert.Contains(" reply=\"552 5.3.4 ", await relay.Log.NextAsync("refused", Cancel), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §6.3
    public async Task Submit_MailLoop_LeavesOneLogLine()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        var text = string.Concat(Enumerable.Repeat("Received: from a by b; x\r\n", 101)) + "\r\nbody\r\n";
        await talk.SendAsync("app@corp.test", ["ann@one.test"], text, "554 5.4.6", Cancel);

        Assert.Contains(" reply=\"554 5.4.6 ", await relay.Log.NextAsync("refused", Cancel), StringComparison.Ordinal);
        Assert.Single(relay.Log.Of("refused"));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
