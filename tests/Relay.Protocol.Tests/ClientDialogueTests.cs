using Relay.Lab;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>What the relay says to an MX host, and what it makes of the replies.</summary>
public sealed class ClientDialogueTests : IAsyncLifetime
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory] // RFC 5321 §3.2, §4.1.1.1: the session starts with EHLO and a qualified name, or an address literal
    [InlineData("relay.test", "EHLO relay.test")]
    [InlineData("relay", "EHLO [127.0.0.1]")]
    public async Task SMTP_20_TheSessionStartsWithEhlo(string hostName, string hello) => await PlayAsync(
        ("Relay:HostName", hostName),
        "S: 220 mx.one.test ESMTP",
        $"C: {hello}",
        "S: 250 mx.one.test",
        "C: MAIL FROM:<app@corp.test>",
        "S: 250 Ok",
        "C: RCPT TO:<ann@one.test>",
        "S: 250 Ok",
        "C: DATA",
        "S: 354 Go on",
        "CONTENT",
        "S: 250 Taken",
        "C: QUIT",
        "S: 221 Bye");

    [Theory] // RFC 5321 §3.2: if EHLO is not recognised, HELO is tried; then no extensions are used
    [InlineData("502 Command not implemented")]
    [InlineData("500 What?")]
    public async Task SMTP_21_HeloFollowsARefusedEhlo(string refusal) => await PlayAsync(
        ("Relay:HostName", "relay.test"),
        "S: 220 mx.one.test",
        "C: EHLO relay.test",
        $"S: {refusal}",
        "C: HELO relay.test",
        "S: 250-mx.one.test",
        "S: 250 DSN",
        "C: MAIL FROM:<app@corp.test>",
        "S: 250 Ok",
        "C: RCPT TO:<ann@one.test>",
        "S: 250 Ok",
        "C: DATA",
        "S: 354 Go on",
        "CONTENT",
        "S: 250 Taken",
        "C: QUIT",
        "S: 221 Bye");

    [Theory] // RFC 5321 §4.1.1.3, §2.2.1: only parameters of extensions offered in the current EHLO response are sent
    [InlineData("PIPELINING", "", "")]
    [InlineData("SIZE", " SIZE=#", "")]
    [InlineData("8BITMIME", " BODY=8BITMIME", "")]
    [InlineData("DSN", " RET=HDRS ENVID=QQ", " NOTIFY=DELAY ORCPT=rfc822;ann@old.test")]
    public async Task SMTP_22_OnlyParametersOfOfferedExtensionsAreSent(string offered, string mail, string recipient)
    {
        // Within TLS the offer is another, and that one counts.
        var mx = _lab.AddDomain("one.test", new MxBehavior { ExtensionsInTls = [offered] });
        await using var relay = await _lab.StartRelayAsync();
        var text = offered == "8BITMIME" ? PlainMessage.Header + "h\u00e9llo\r\n" : PlainMessage.Text;
        await relay.SubmitAsync(
            PlainMessage.Mail + " SIZE=500 BODY=8BITMIME RET=HDRS ENVID=QQ",
            ["RCPT TO:<ann@one.test> NOTIFY=DELAY ORCPT=rfc822;ann@old.test"],
            text,
            Cancel);

        var message = (await mx.WaitForMessagesAsync(1, Cancel))[0];
        var size = $"{message.Content.Length}";
        Assert.Equal(PlainMessage.Mail + mail.Replace("#", size, StringComparison.Ordinal), message.MailLine);
        Assert.Equal("RCPT TO:<ann@one.test>" + recipient, Assert.Single(message.RecipientLines));
    }

    [Theory] // RFC 5321 §4.2, §4.2.1: decisions rest on the reply code, in doubt on its first digit; text is ignored
    [InlineData("RCPT", "299 5.1.1 No such user", "delivered")]
    [InlineData(MxRule.EndOfData, "299 Rejected", "delivered")]
    [InlineData("RCPT", "499 Ok", "deferred")]
    [InlineData(MxRule.EndOfData, "499 2.0.0 Ok: queued", "deferred")]
    [InlineData("MAIL", "599 Ok", "bounced")]
    [InlineData(MxRule.EndOfData, "599 Please try again later", "bounced")]
    public async Task SMTP_23_UnknownCodesAreTakenByTheirFirstDigit(string stage, string reply, string outcome)
    {
        _lab.AddDomain("one.test", new MxBehavior().At(stage, MxAction.Reply(reply)));
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await relay.Log.NextAsync(outcome, Cancel);
    }

    [Theory] // RFC 5321 §4.2.1: multi-line replies are read to their last line before acting, however they are cut
    [InlineData(MxChunking.PerLine)]
    [InlineData(MxChunking.PerOctet)]
    public async Task SMTP_24_RepliesAreReadToTheirLastLine(MxChunking chunking)
    {
        string[] fiveLines = ["250-One", "250-Two", "250-Three", "250-Four", "250 Five"];
        var mx = _lab.AddHost("mx.one.test", new MxBehavior { Extensions = ["X-ONE", "X-TWO", "X-THREE", "DSN"], Chunking = chunking }
            .At("MAIL", MxAction.Reply(fiveLines)).At("RCPT", MxAction.Reply(fiveLines)).At(MxRule.EndOfData, MxAction.Reply(fiveLines)));
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(PlainMessage.Mail + " ENVID=QQ", ["RCPT TO:<ann@one.test>", "RCPT TO:<bob@one.test>"], PlainMessage.Text, Cancel);

        await relay.Log.NextAsync("delivered", Cancel);
        await relay.Log.NextAsync("delivered", Cancel);
        Assert.Equal(
            ["EHLO relay.test", "MAIL FROM:<app@corp.test> ENVID=QQ", "RCPT TO:<ann@one.test>", "RCPT TO:<bob@one.test>", "DATA"],
            Assert.Single(mx.Connections).Lines);
    }

    [Theory] // RFC 5321 §3.8: a broken connection counts like a 451 reply
    [InlineData("RCPT")]
    [InlineData("DATA")]
    [InlineData(MxRule.Content)]
    [InlineData(MxRule.EndOfData)]
    public async Task SMTP_34_ABrokenConnectionLeadsToARetry(string stage)
    {
        var clock = new ManualClock();
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(new MxRule(stage, MxAction.Reset) { Times = 1 }));
        await using var relay = await _lab.StartRelayAsync(clock, Clocks.RareRetry);
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await relay.Log.NextAsync("deferred", Cancel);
        Assert.Empty(mx.Messages);
        await clock.PassRetryAsync(Cancel);
        await mx.WaitForMessagesAsync(1, Cancel);
        Assert.Equal(2, mx.Connections.Count);
    }

    [Fact] // RFC 5321 §3.8, §4.1.1.10: sessions end with QUIT, whose reply is awaited for a short time
    public async Task SMTP_35_SessionsEndWithQuit()
    {
        var clock = new ManualClock();
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(new MxRule("QUIT", MxAction.Stall)));
        var relay = await _lab.StartRelayAsync(clock);
        await using (relay)
        {
            await relay.SubmitAsync(Cancel, "ann@one.test");
            await mx.WaitForMessagesAsync(1, Cancel);
            await relay.Log.NextAsync("delivered", Cancel);
            var stopping = relay.DisposeAsync().AsTask();
            await mx.WaitForStallsAsync(1, Cancel);
            Assert.Equal("QUIT", mx.Connections[0].Lines[^1]);

            // The host never answers; its five seconds are all that the relay gives it.
            while (!stopping.IsCompleted)
            {
                // Another timer may be due in as long while that of the reply is not set yet.
                await Task.WhenAny(stopping, clock.TimerScheduledAsync(TimeSpan.FromSeconds(5), Cancel));
                clock.Advance(TimeSpan.FromSeconds(5));
            }

            await stopping;
        }
    }

    [Fact] // RFC 5321 §4.5.4.1: recipients with the same next hop share one transaction
    public async Task SMTP_36_RecipientsOfOneNextHopShareATransaction()
    {
        var mx = _lab.AddHost("mx.one.test");
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test", "bob@one.test");

        await mx.WaitForMessagesAsync(1, Cancel);
        var (hello, mail) = ("EHLO relay.test", mx.Messages[0].MailLine);
        Assert.Equal([hello, mail, "RCPT TO:<ann@one.test>", "RCPT TO:<bob@one.test>", "DATA"], Assert.Single(mx.Connections).Lines);
    }

    [Fact] // RFC 5321 §4.5.3.1.8: more than 100 recipients are sent in portions
    public async Task SMTP_37_TwoHundredAndFiftyRecipientsGoInThreeTransactions()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior { MaxRecipients = 100 });
        await using var relay = await _lab.StartRelayAsync();
        var users = Enumerable.Range(0, 250).Select(number => $"RCPT TO:<u{number}@one.test>").ToArray();
        await relay.SubmitAsync(PlainMessage.Mail, users, PlainMessage.Text, Cancel);

        var messages = await mx.WaitForMessagesAsync(3, Cancel);
        Assert.Equal([100, 100, 50], messages.Select(message => message.RecipientLines.Count));
        Assert.Equal(users.Order(), messages.SelectMany(message => message.RecipientLines).Order());
    }

    [Theory] // RFC 5321 §4.5.3.1.10: 452, and 552 in this place, mean that the rest is sent again
    [InlineData("452 4.5.3 Too many recipients")]
    [InlineData("552 5.5.3 Too many recipients")]
    public async Task SMTP_37_RecipientsAboveAServersLimitFollowInTheNextTransaction(string refusal)
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(new MxRule("RCPT", MxAction.Reply(refusal)) { Containing = "bob@", Times = 1 }));
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test", "bob@one.test");

        var messages = await mx.WaitForMessagesAsync(2, Cancel);
        Assert.Equal(["ann@one.test"], messages[0].Recipients);
        Assert.Equal(["bob@one.test"], messages[1].Recipients);
    }

    [Fact] // RFC 5321 §3.3, §4.2.1: replies are kept apart: accepted ones are delivered, 4xx retried, 5xx returned
    public async Task SMTP_38_MixedRepliesAreKeptApart()
    {
        var clock = new ManualClock();
        var sender = _lab.AddDomain("corp.test");
        var mx = _lab.AddDomain("one.test", new MxBehavior()
            .At(new MxRule("RCPT", MxAction.Reply("450 4.2.1 Mailbox busy")) { Containing = "later@", Times = 1 })
            .At("RCPT", "never@", MxAction.Reply("550 5.1.1 No such user")));
        await using var relay = await _lab.StartRelayAsync(clock, Clocks.RareRetry);
        await relay.SubmitAsync(Cancel, "ok@one.test", "later@one.test", "never@one.test");

        Assert.Equal(["ok@one.test"], (await mx.WaitForMessagesAsync(1, Cancel))[0].Recipients);
        var notice = Notice.Of((await sender.WaitForMessagesAsync(1, Cancel))[0]);
        Assert.Equal("rfc822; never@one.test", notice.OfRecipient("Final-Recipient"));

        await clock.PassRetryAsync(Cancel);
        Assert.Equal(["later@one.test"], (await mx.WaitForMessagesAsync(2, Cancel))[1].Recipients);
        await relay.StopAsync();
        Assert.Equal((2, 1), (mx.Messages.Count, sender.Messages.Count));
    }

    [Fact] // RFC 5321 §4.5.4.1: 5xx replies to MAIL are not cached
    public async Task SMTP_39_ARefusalOfMailIsNotRemembered()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(new MxRule("MAIL", MxAction.Reply("550 5.7.1 Not from you")) { Times = 1 }));
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");
        await relay.Log.NextAsync("bounced", Cancel);

        await relay.SubmitAsync(Cancel, "ann@one.test");
        await mx.WaitForMessagesAsync(1, Cancel);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    /// <summary>Delivers the letter to a host that plays a script, and ends the session by stopping.</summary>
    private async Task PlayAsync((string Key, string Value) setting, params string[] script)
    {
        await using var mx = LoopbackMx.Play(script);
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test").AddA("mx.one.test", "127.0.0.1");
        await using (var relay = await _lab.StartRelayAsync(("Delivery:Port", $"{mx.EndPoint.Port}"), setting))
        {
            await relay.SubmitAsync(
                PlainMessage.Mail + " RET=FULL ENVID=QQ", ["RCPT TO:<ann@one.test> NOTIFY=NEVER"], PlainMessage.Text, Cancel);
            await relay.Log.NextAsync("delivered", Cancel);
        }

        await mx.Played.WaitAsync(Cancel);
    }
}
