using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>The parameters of RFC 3461 as a client gives them, and as the next hop sees them.</summary>
public sealed class DsnParameterTests : IAsyncLifetime
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Envid100 => new('e', 100);

    // Type, semicolon and address.
    private static string Orcpt500 => $"rfc822;{new string('a', 500 - "rfc822;@old.test".Length)}@old.test";

    [Theory] // RFC 3461 §5.2.1: ENVID and RET are passed on if received and not invented otherwise
    [InlineData("")]
    [InlineData(" RET=FULL")]
    [InlineData(" ENVID=QQ314159")]
    [InlineData(" RET=HDRS ENVID=QQ314159")]
    public async Task DSN_01_EnvidAndRetArePassedOnAsReceived(string parameters)
    {
        var message = await RelayAsync("DSN", PlainMessage.Mail + parameters, "RCPT TO:<ann@one.test>");

        Assert.Equal(PlainMessage.Mail + parameters, message.MailLine);
    }

    [Fact] // RFC 3461 §5.2.1: NOTIFY is passed on per recipient if received and not invented otherwise
    public async Task DSN_02_NotifyIsPassedOnForEachRecipient()
    {
        string[] recipients =
        [
            "RCPT TO:<ann@one.test> NOTIFY=SUCCESS,DELAY", "RCPT TO:<bob@one.test> NOTIFY=NEVER", "RCPT TO:<cid@one.test>",
            "RCPT TO:<dan@one.test> NOTIFY=FAILURE",
        ];
        Assert.Equal(recipients, (await RelayAsync("DSN", PlainMessage.Mail, recipients)).RecipientLines);
    }

    [Fact] // RFC 3461 §5.2.1: ORCPT is passed on unchanged; if absent it may be added with the received recipient
    public async Task DSN_03_OrcptIsPassedOnUnchanged()
    {
        const string Mixed = "RCPT TO:<Ann.Mixed@one.test> ORCPT=rfc822;Ann+2BX+3DY@Old.TEST";
        var lines = (await RelayAsync("DSN", PlainMessage.Mail, Mixed, "RCPT TO:<bob@one.test>")).RecipientLines;

        Assert.Equal(Mixed, lines[0]);
        Assert.Contains(lines[1], (string[])["RCPT TO:<bob@one.test>", "RCPT TO:<bob@one.test> ORCPT=rfc822;bob@one.test"]);
    }

    [Fact] // RFC 3461 §5.2.2: to a server without DSN none of the parameters is sent
    public async Task DSN_04_AServerWithoutDsnGetsNoParameter()
    {
        var message = await RelayAsync(
            "PIPELINING", PlainMessage.Mail + " RET=FULL ENVID=QQ", "RCPT TO:<ann@one.test> NOTIFY=FAILURE ORCPT=rfc822;ann@old.test");

        Assert.Equal(PlainMessage.Mail, message.MailLine);
        Assert.Equal("RCPT TO:<ann@one.test>", Assert.Single(message.RecipientLines));
    }

    [Theory] // RFC 3461 §4.5: repeated or malformed DSN parameters get 501
    [InlineData("MAIL FROM:<app@corp.test> RET=FULL RET=FULL")]
    [InlineData("MAIL FROM:<app@corp.test> RET=SOME")]
    [InlineData("MAIL FROM:<app@corp.test> RET=")]
    [InlineData("MAIL FROM:<app@corp.test> RET")]
    [InlineData("MAIL FROM:<app@corp.test> ENVID=a ENVID=b")]
    [InlineData("MAIL FROM:<app@corp.test> ENVID=a+zz")]
    [InlineData("RCPT TO:<ann@one.test> NOTIFY=FAILURE NOTIFY=FAILURE")]
    [InlineData("RCPT TO:<ann@one.test> NOTIFY=NEVER,FAILURE")]
    [InlineData("RCPT TO:<ann@one.test> NOTIFY=SOMETIMES")]
    [InlineData("RCPT TO:<ann@one.test> NOTIFY=")]
    [InlineData("RCPT TO:<ann@one.test> ORCPT=rfc822;a@b.test ORCPT=rfc822;a@b.test")]
    [InlineData("RCPT TO:<ann@one.test> ORCPT=ann@one.test")]
    [InlineData("RCPT TO:<ann@one.test> ORCPT=rfc822;a+4@b.test")]
    public async Task DSN_10_RepeatedAndMalformedParametersGet501(string command)
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        if (command.StartsWith("RCPT", StringComparison.Ordinal))
        {
            await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
        }

        await talk.SayAsync(command, "501 5.5.4", Cancel);
    }

    [Fact] // RFC 3461 §4: xtext is kept encoded for relaying; upper-case hex only
    public async Task DSN_11_XtextIsKeptEncodedForRelaying()
    {
        var message = await RelayAsync("DSN", PlainMessage.Mail + " ENVID=a+2Bb+3Dc", "RCPT TO:<ann@one.test> ORCPT=rfc822;a+2Bb@old.test");
        Assert.Equal(PlainMessage.Mail + " ENVID=a+2Bb+3Dc", message.MailLine);
        Assert.Equal("RCPT TO:<ann@one.test> ORCPT=rfc822;a+2Bb@old.test", Assert.Single(message.RecipientLines));

        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(PlainMessage.Mail + " ENVID=a+2bb", "501 5.5.4", Cancel);
    }

    [Fact] // RFC 3461 §5.4: ENVID of 100, ORCPT of 500, NOTIFY of 28 and RET of 8 characters are accepted
    public async Task DSN_12_ParametersOfFullLengthAreTakenAndPassedOn()
    {
        var mail = $"{PlainMessage.Mail} RET=FULL ENVID={Envid100}";
        var recipient = $"RCPT TO:<ann@one.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT={Orcpt500}";
        var message = await RelayAsync("DSN", mail, recipient);

        Assert.Equal(mail, message.MailLine);
        Assert.Equal(recipient, Assert.Single(message.RecipientLines));
    }

    [Fact] // RFC 3461 §5.4: command lines of 1036 octets are accepted
    public async Task DSN_12_ACommandLineOf1036OctetsIsTaken()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
        var head = $"RCPT TO:<@{new string('r', 60)}.test:ann@one.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT={Orcpt500}";
        await talk.SayAsync(head.PadRight(1036 - "\r\n".Length), "250", Cancel);
    }

    [Fact] // RFC 3461 §5.2.7.1: parameters are not inherited when a list re-sends a message; this relay expands none
    public async Task DSN_23_NothingIsExpandedAndParametersStayWithTheirRecipient()
    {
        string[] recipients = ["RCPT TO:<list@one.test> NOTIFY=SUCCESS ORCPT=rfc822;list@one.test", "RCPT TO:<ann@one.test>"];
        var message = await RelayAsync("DSN", PlainMessage.Mail, recipients);

        Assert.Equal(recipients, message.RecipientLines);
        Assert.Equal(PlainMessage.Mail, message.MailLine);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    /// <summary>What a next hop with this one extension sees of an envelope.</summary>
    private async Task<MxMessage> RelayAsync(string extension, string mail, params string[] recipients)
    {
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test");
        var mx = _lab.AddHost("mx.one.test", new MxBehavior { Extensions = [extension] });
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(mail, recipients, PlainMessage.Text, Cancel);
        return (await mx.WaitForMessagesAsync(1, Cancel))[0];
    }
}
