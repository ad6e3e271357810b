using System.Text;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>The octets of a message and of its envelope, from the client's socket to the next hop's.</summary>
public sealed class ContentOnTheWireTests : IAsyncLifetime
{
    private static readonly string[] Ann = ["RCPT TO:<ann@one.test>"];

    private readonly LabInternet _lab = new();

    public static TheoryData<string> LocalParts =>
    [
        "Ann.MIXED-Case", "\"quoted part\"", "\"a\\\"b\\\\c\"", "\"ann@home\"", "o'brien+tag=x{y}", "!#$%&'*/?^_`{|}~",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 5321 §4.5.2: a dot at the start of a line is doubled on sending and removed on receipt
    public async Task SMTP_32_DotsAtLineStartsAreDoubledAndRemoved()
    {
        var message = await RelayAsync(PlainMessage.Header + "..\r\n...\r\n....\r\n..one\r\n...two\r\n....three\r\nin.side\r\n");

        Assert.EndsWith("\r\n\r\n.\r\n..\r\n...\r\n.one\r\n..two\r\n...three\r\nin.side\r\n", message.Text, StringComparison.Ordinal);
        Assert.EndsWith(
            "\r\n\r\n..\r\n...\r\n....\r\n..one\r\n...two\r\n....three\r\nin.side\r\n.\r\n", ServerConnection(message), StringComparison.Ordinal);
    }

    [Theory] // RFC 5321 §4.1.1.4: data ends with CRLF dot CRLF; a missing final CRLF is added, no extra empty line is
    [InlineData("body")]
    [InlineData("body\r\n")]
    public async Task SMTP_33_DataEndsWithOneFinalDot(string body)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
        await talk.SayAsync(Ann[0], "250", Cancel);

        // BDAT alone can bring a message without its last CRLF.
        var chunk = PlainMessage.Header + body;
        await talk.SendRawAsync(Encoding.ASCII.GetBytes($"BDAT {chunk.Length} LAST\r\n{chunk}"), Cancel);
        Assert.StartsWith("250", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);

        var message = (await mx.WaitForMessagesAsync(1, Cancel))[0];
        Assert.EndsWith("\r\n\r\nbody\r\n.\r\n", ServerConnection(message), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §2.3.8: no bare CR or LF is sent; lines end with CRLF only
    public async Task SMTP_40_EveryLineEndsInCrLf()
    {
        var lines = Enumerable.Range(0, 3000).Select(number => new string('x', number % 97));
        var message = await RelayAsync(PlainMessage.Header + string.Join("\r\n", lines) + "\r\n");

        AssertCrLfOnly(ServerConnection(message));
    }

    [Theory] // RFC 5321 §2.3.8: what came with a bare CR or LF does not go out
    [InlineData("a\nb\r\n")]
    [InlineData("a\rb\r\n")]
    public async Task SMTP_40_BareCrOrLfIsRefusedAtIntake(string body)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], PlainMessage.Header + body, "554 5.6.0", Cancel);
        await talk.SubmitAsync(PlainMessage.Mail, Ann, PlainMessage.Text, Cancel);

        AssertCrLfOnly(ServerConnection((await mx.WaitForMessagesAsync(1, Cancel))[0]));
        Assert.Single(mx.Messages);
    }

    [Fact] // RFC 5321 §4.5.3.1.6, RFC 5322 §2.1.1: text lines of 998 octets are sent as they are
    public async Task SMTP_41_ALineOf998OctetsIsSentWhole()
    {
        var message = await RelayAsync(PlainMessage.Header + new string('x', 998) + "\r\n");

        Assert.EndsWith("\r\n\r\n" + new string('x', 998) + "\r\n", message.Text, StringComparison.Ordinal);
    }

    [Theory] // RFC 5321 §4.5.3.1.6: longer lines are refused at intake, never cut silently
    [InlineData(999)]
    [InlineData(5000)]
    public async Task SMTP_41_ALongerLineIsRefused(int octets)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], PlainMessage.Header + new string('x', octets) + "\r\n", "554 5.6.0", Cancel);
        await talk.SubmitAsync(PlainMessage.Mail, Ann, PlainMessage.Text, Cancel);

        await mx.WaitForMessagesAsync(1, Cancel);
        Assert.Equal(PlainMessage.Text.Length, mx.Messages[0].Text.Length - mx.Messages[0].Text.IndexOf("From: ", StringComparison.Ordinal));
        Assert.Single(mx.Messages);
    }

    [Theory] // RFC 5321 §4.5.3.1.4: command lines of 512 octets, and as long as extensions make them, are handled
    [InlineData(512)]
    [InlineData(1036)]
    public async Task SMTP_42_CommandLinesOfFullLengthAreTaken(int octets)
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);

        await talk.SayAsync("NOOP " + new string('x', octets - "NOOP \r\n".Length), "250", Cancel);
    }

    [Fact] // RFC 5321 §4.5.3.1.5: reply lines of 512 octets are handled
    public async Task SMTP_42_ReplyLinesOf512OctetsAreRead()
    {
        var reply = "250-" + new string('x', 512 - "250-\r\n".Length);
        var last = "250 " + new string('y', 512 - "250 \r\n".Length);
        var mx = AddDomain(new MxBehavior()
            .At("MAIL", MxAction.Reply(reply, last)).At("RCPT", MxAction.Reply(reply, last)).At(MxRule.EndOfData, MxAction.Reply(reply, last)));
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await relay.Log.NextAsync("delivered", Cancel);
        Assert.Single(mx.Messages);
    }

    [Fact] // RFC 5321 §4.5.3.1.1, §4.5.3.1.3: local parts of 64 and paths of 256 octets are handled
    public async Task SMTP_43_ALongPathIsRelayed()
    {
        var (local, domain) = (new string('a', 64), DomainOf(256 - "<>".Length - 64 - "@".Length));
        var mx = _lab.AddHost("mx.one.test");
        _lab.Dns.Zone.AddMx(domain, 10, "mx.one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync($"MAIL FROM:<{local}@{domain}>", [$"RCPT TO:<{local}@{domain}>"], PlainMessage.Text, Cancel);

        var message = (await mx.WaitForMessagesAsync(1, Cancel))[0];
        Assert.Equal($"{local}@{domain}", message.ReversePath);
        Assert.Equal([$"RCPT TO:<{local}@{domain}>"], message.RecipientLines);
    }

    [Fact] // RFC 5321 §4.5.3.1.2: domains of 255 octets are handled
    public async Task SMTP_43_ADomainOf255OctetsIsTaken()
    {
        var domain = DomainOf(255);
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
        await talk.ReadReplyAsync(Cancel);
        await talk.SayAsync($"EHLO {domain}", "250", Cancel);
        await talk.SubmitAsync(PlainMessage.Mail, Ann, PlainMessage.Text, Cancel);

        Assert.StartsWith($"Received: from {domain} ", (await mx.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
    }

    [Theory] // RFC 5321 §2.4, §4.1.2: the local part is passed on unchanged; the domain is case-insensitive
    [MemberData(nameof(LocalParts))]
    public async Task SMTP_44_TheLocalPartIsPassedOnUnchanged(string local)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync($"MAIL FROM:<{local}@Corp.Test>", [$"RCPT TO:<{local}@ONE.test>"], PlainMessage.Text, Cancel);

        var message = (await mx.WaitForMessagesAsync(1, Cancel))[0];
        Assert.StartsWith($"MAIL FROM:<{local}@", message.MailLine, StringComparison.Ordinal);
        Assert.StartsWith($"RCPT TO:<{local}@", Assert.Single(message.RecipientLines), StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static string ServerConnection(MxMessage message) => Encoding.Latin1.GetString(message.Wire.Span);

    private static void AssertCrLfOnly(string octets)
    {
        var crLf = octets.Split("\r\n").Length - 1;
        Assert.Equal((crLf, crLf), (octets.Count(octet => octet == '\r'), octets.Count(octet => octet == '\n')));
    }

    // Labels of 63 octets, then the rest.
    private static string DomainOf(int octets)
    {
        var labels = new StringBuilder();
        while (octets - labels.Length > 63)
        {
            labels.Append(new string('d', Math.Min(63, octets - labels.Length - 2))).Append('.');
        }

        return labels.Append(new string('e', octets - labels.Length)).ToString();
    }

    private LabMx AddDomain(MxBehavior? behavior = null)
    {
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test");
        return _lab.AddHost("mx.one.test", behavior);
    }

    private async Task<MxMessage> RelayAsync(string text)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(PlainMessage.Mail, Ann, text, Cancel);
        return (await mx.WaitForMessagesAsync(1, Cancel))[0];
    }
}
