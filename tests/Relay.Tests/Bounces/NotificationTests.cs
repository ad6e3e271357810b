using Relay.Lab.Mx;

namespace Relay.Tests.Bounces;

/// <summary>Notifications through the whole program, to a sender at <c>corp.test</c> who has a host of its own.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private const string Letter = "Date: Sun, 22 Nov 2026 07:40:12 +0000\r\nMessage-ID: <1@client.test>\r\nReply-To: other@corp.test\r\n\r\nbody\r\n";

    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // SMTP-38, DSN-06, DSN-07, DSN-22: one message, mixed outcomes and wishes: one notification, of one recipient
    public async Task Notify_OfEachKind_IsHonouredOnFailure()
    {
        var sender = _lab.AddDomain("corp.test");
        _lab.AddDomain("one.test", new MxBehavior()
            .At("RCPT", "good@", MxAction.Reply("250 2.1.5 Ok"))
            .At("RCPT", "later@", MxAction.Reply("451 4.3.0 Not now"))
            .At("RCPT", MxAction.Reply("550 5.1.1 No such user")));
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(
            relay, "<app@corp.test>",
            ["<good@one.test>", "<later@one.test>", "<loud@one.test> NOTIFY=FAILURE", "<mute@one.test> NOTIFY=NEVER", "<glad@one.test> NOTIFY=SUCCESS,DELAY"],
            Letter);

        Assert.Contains("kind=failed recipients=1", await relay.Log.NextAsync("notification-queued", Cancel), StringComparison.Ordinal);
        var text = (await sender.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.Contains("\r\nFinal-Recipient: rfc822; loud@one.test\r\n", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("\r\nAction: ").Length);
        string[] others = ["good@", "later@", "mute@", "glad@"];
        Assert.All(others, name => Assert.DoesNotContain(name, text, StringComparison.Ordinal));
        await relay.StopAsync();
        Assert.Single(relay.Log.Of("notification-queued"));
        Assert.Single(sender.Messages);
    }

    [Fact] // DSN-13 to DSN-18, DSN-20, DSN-21, AUTO-04
    public async Task Failure_WithRetAndEnvid_ComesBackAsTheSenderAsked()
    {
        var sender = _lab.AddDomain("corp.test");
        _lab.AddDomain("one.test", new MxBehavior().At("RCPT", MxAction.Reply("550-5.1.1 No such user,", "550 5.1.1 nor was there ever")));
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "<app@corp.test> RET=FULL ENVID=QQ+2Bx", ["<ann@one.test> ORCPT=rfc822;Ann+2BX@Old.TEST"], Letter);

        var message = (await sender.WaitForMessagesAsync(1, Cancel))[0];
        Assert.Equal((string.Empty, "app@corp.test"), (message.ReversePath, Assert.Single(message.Recipients)));
        Assert.DoesNotContain("RET=", message.MailLine, StringComparison.Ordinal);
        Assert.EndsWith(" NOTIFY=NEVER", message.RecipientLines[0], StringComparison.Ordinal);
        string[] parts =
            [
                "\r\nContent-Type: multipart/report; report-type=delivery-status;", "\r\nContent-Type: message/delivery-status\r\n",
                "\r\nReporting-MTA: dns; relay.test\r\n", "\r\nOriginal-Envelope-Id: QQ+x\r\n", "\r\nArrival-Date: ",
                "\r\nOriginal-Recipient: rfc822; Ann+X@Old.TEST\r\nFinal-Recipient: rfc822; ann@one.test\r\nAction: failed\r\nStatus: 5.1.1\r\n",
                "\r\nRemote-MTA: dns; mx.one.test\r\n", "Diagnostic-Code: smtp; 550 5.1.1 No such user, nor was there ever\r\n",
                "\r\nLast-Attempt-Date: ", "\r\nContent-Type: message/rfc822\r\n", Letter,
            ];
        Assert.All(parts, part => Assert.Contains(part, message.Text, StringComparison.Ordinal));
    }

    [Theory] // SMTP-04, SMTP-11, SMTP-12, RFC 5321 §5.1
    [InlineData("gone.test", "5.1.2", "There is no mail domain gone.test.")]
    [InlineData("loop.test", "5.4.6", "does not say, or not correctly, where its mail goes")]
    [InlineData("empty.test", "5.4.4", "does not say, or not correctly, where its mail goes")]
    public async Task Domain_ThatCannotTakeMail_IsReportedToTheSender(string domain, string status, string words)
    {
        var sender = _lab.AddDomain("corp.test");
        _lab.Dns.Zone.AddMx("loop.test", 10, "relay.test").AddMx("empty.test", 10, "nothing.test");
        _lab.Dns.Zone.AddA("relay.test", "127.0.0.2");
        _lab.Dns.Zone.AddMx("nothing.test", 10, "mx.corp.test");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "<app@corp.test>", [$"<ann@{domain}>"], Letter);

        var text = (await sender.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.Contains($"\r\nStatus: {status}\r\n", text, StringComparison.Ordinal);
        Assert.Contains(words, string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains("\r\nMessage-ID: <1@client.test>\r\n", text, StringComparison.Ordinal);
    }

    [Theory] // EXT-11, EXT-13, EXT-18
    [InlineData("<ann@one.test>", "caf\u00e9\r\n", "5.6.3")]
    [InlineData("<\u00e4nn@one.test>", "body\r\n", "5.6.7")]
    [InlineData("<ann@one.test>", "0123456789012345678901234567890123456789\r\n", "5.3.4")]
    public async Task Message_ThatNoHostTakes_IsReturned(string recipient, string body, string status)
    {
        var sender = _lab.AddDomain("corp.test");
        _lab.AddDomain("one.test", new MxBehavior { Extensions = status == "5.3.4" ? ["SIZE 100"] : [] });
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "<app@corp.test> BODY=8BITMIME SMTPUTF8", [recipient], Letter.Replace("body\r\n", body, StringComparison.Ordinal));

        var text = (await sender.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.Contains($"\r\nStatus: {status}\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nMessage-ID: <1@client.test>\r\n", text, StringComparison.Ordinal);
        Assert.True(System.Text.Ascii.IsValid(text));
    }

    [Fact] // DSN-25, RFC 6531 §3.2: a server that knows no SMTPUTF8 takes mail to an internationalised domain of its own
    public async Task Sender_AtAnInternationalizedDomain_IsToldInALabels()
    {
        var sender = _lab.AddDomain("xn--bcher-kva.test", new MxBehavior { Extensions = [] });
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "<info@b\u00fccher.test> SMTPUTF8", ["<ann@gone.test>"], Letter);

        var message = (await sender.WaitForMessagesAsync(1, Cancel))[0];
        Assert.Equal("info@xn--bcher-kva.test", Assert.Single(message.Recipients));
        Assert.Contains("\r\nTo: <info@xn--bcher-kva.test>\r\n", message.Text, StringComparison.Ordinal);
        Assert.True(System.Text.Ascii.IsValid(message.Text));
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
