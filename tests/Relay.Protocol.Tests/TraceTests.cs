using System.Text;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>What a relay puts into a message and what it leaves alone, by the octets at both ends.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    // RFC 5321 §4.4, Time-stamp-line: FROM with the name in EHLO and the address in brackets, BY, optional WITH, ID and FOR, and a
    // date with four digits of year and a numeric offset.
    private const string Grammar =
        "^Received: from client\\.test \\(\\[127\\.0\\.0\\.1\\]\\)\r\n\tby relay\\.test with E?SMTPS?A? id [0-9A-Z]+(\r\n\tfor <[^<>\\s]+>)?"
        + "(\r\n\ttls [A-Z0-9_]+ \\(TLSv1\\.[23]\\))?;\r\n"
        + "\t(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
        + "[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\r\n$";

    private static readonly string[] Ann = ["RCPT TO:<ann@one.test>"];

    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 5321 §4.4, §4.1.1.4: a Received field is put at the very top of each accepted message
    public async Task SMTP_53_AReceivedFieldStandsAtTheTop()
    {
        var message = await RelayAsync(PlainMessage.Text);

        Assert.StartsWith("Received: from ", message.Text, StringComparison.Ordinal);
        Assert.Single(TraceOf(message, PlainMessage.Text).Split("\r\n"), line => line.Length > 0 && !line.StartsWith('\t'));
    }

    [Theory] // RFC 5321 §4.4: FROM, BY, a date with numeric offset and four-digit year; WITH, ID and one FOR are optional
    [InlineData("EHLO client.test")]
    [InlineData("HELO client.test")]
    public async Task SMTP_54_TheReceivedFieldFollowsTheGrammar(string hello)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
        await talk.ReadReplyAsync(Cancel);
        await talk.SayAsync(hello, "250", Cancel);
        await talk.SubmitAsync(PlainMessage.Mail, Ann, PlainMessage.Text, Cancel);

        Assert.Matches(Grammar, TraceOf((await mx.WaitForMessagesAsync(1, Cancel))[0], PlainMessage.Text));
    }

    [Fact] // RFC 5321 §4.4: existing Received fields are not changed, removed or reordered
    public async Task SMTP_55_EarlierReceivedFieldsAreLeftAlone()
    {
        const string Earlier =
            "Received: from b by  c ; Sun, 22 Nov 2026 07:00:02 +0000\r\nRECEIVED: (qmail 1 invoked)\r\n\tfolded\r\n  twice\r\n"
            + "Received:nothing that any grammar knows\r\n";
        var message = await RelayAsync(Earlier + PlainMessage.Text);

        Assert.Matches(Grammar, TraceOf(message, Earlier + PlainMessage.Text));
    }

    [Theory] // RFC 3848 §1: WITH names the protocol used: ESMTP, with S after STARTTLS
    [InlineData("HELO", false, " with SMTP id ")]
    [InlineData("EHLO", false, " with ESMTP id ")]
    [InlineData("EHLO", true, " with ESMTPS id ")]
    public async Task SMTP_56_WithNamesTheProtocolUsed(string hello, bool tls, string expected) =>
        Assert.Contains(expected, await TraceOfSessionAsync(hello, tls), StringComparison.Ordinal);

    [Fact] // RFC 3848 §1: and with A after AUTH
    public async Task SMTP_56_WithNamesAuthentication()
    {
        await using var lab = new SubmissionLab();
        var mx = lab.Internet.AddDomain("one.test");
        lab.AddAccount("app@corp.test", "secret");
        await using var relay = await lab.StartRelayAsync();
        await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await talk.SayAsync(SubmissionLab.Plain("app@corp.test", "secret"), "235", Cancel);
        await talk.SubmitAsync(PlainMessage.Mail, Ann, PlainMessage.Text, Cancel);

        Assert.Contains(" with ESMTPSA id ", TraceOf((await mx.WaitForMessagesAsync(1, Cancel))[0], PlainMessage.Text), StringComparison.Ordinal);
    }

    [Theory] // RFC 8314 §4.3: the TLS cipher suite is recorded with the tls clause
    [InlineData(false)]
    [InlineData(true)]
    public async Task SMTP_57_TheCipherSuiteIsRecorded(bool tls)
    {
        var trace = await TraceOfSessionAsync("EHLO", tls);

        Assert.Matches(Grammar, trace);
        Assert.Equal(tls, trace.Contains("\r\n\ttls TLS_", StringComparison.Ordinal));
    }

    [Theory] // RFC 5321 §4.4: FOR lists one recipient at most and is left out when several are given
    [InlineData(1)]
    [InlineData(2)]
    public async Task SMTP_58_ForStandsForOneRecipientOnly(int recipients)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, [.. Enumerable.Range(1, recipients).Select(number => $"u{number}@one.test")]);

        var trace = TraceOf((await mx.WaitForMessagesAsync(1, Cancel))[0], PlainMessage.Text);
        Assert.Matches(Grammar, trace);
        Assert.Equal(recipients == 1, trace.Contains("\tfor <u1@one.test>", StringComparison.Ordinal));
        Assert.Equal(recipients == 1, trace.Contains('@', StringComparison.Ordinal));
    }

    [Fact] // RFC 5321 §6.3: trivial loops are detected and stopped
    public async Task SMTP_59_TwoRelaysPointingAtEachOtherEndInANotification()
    {
        var sender = _lab.AddHost("mx.corp.test");
        _lab.Dns.Zone.AddMx("corp.test", 10, "mx.corp.test").AddA("here.test", "127.0.0.3").AddA("there.test", "127.0.0.4");
        await using var here = await StartAsync("here.test", "127.0.0.3", "there.test");
        await using var there = await StartAsync("there.test", "127.0.0.4", "here.test");
        await here.SubmitAsync(Cancel, "ann@loop.test");

        var notice = Notice.Of((await sender.WaitForMessagesAsync(1, Cancel))[0]);
        Assert.Equal("5.4.6", notice.OfRecipient("Status"));
        Assert.Single(sender.Messages);

        Task<RelayUnderTest> StartAsync(string name, string address, string nextHop) => _lab.StartRelayAsync(
            ("Relay:HostName", name),
            ("Relay:DataDirectory", Path.Combine(_lab.DataDirectory, name)),
            ("Relay:Listeners:0:Address", $"{address}:{_lab.MxPort}"),
            ("Relay:Routes:0:Domain", "loop.test"),
            ("Relay:Routes:0:NextHop", nextHop));
    }

    [Theory] // RFC 5321 §6.3: counting Received fields uses a high limit, about 100
    [InlineData(99, "250 2.0.0")]
    [InlineData(101, "554 5.4.6")]
    public async Task SMTP_60_ManyReceivedFieldsAreALoop(int fields, string reply)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        var text = string.Concat(Enumerable.Repeat("Received: from a by b; Sun, 22 Nov 2026 07:00:00 +0000\r\n", fields)) + PlainMessage.Text;
        await talk.SendAsync("app@corp.test", ["ann@one.test"], text, reply, Cancel);
        await talk.SubmitAsync(PlainMessage.Mail, ["RCPT TO:<last@one.test>"], PlainMessage.Text, Cancel);

        await mx.WaitForCommandsAsync("RCPT TO:<last@", 1, Cancel);
        await relay.StopAsync();
        Assert.Equal(reply[0] == '2' ? 2 : 1, mx.Messages.Count);
    }

    [Fact] // RFC 5321 §3.6.3, §6.4: as relay, the content is not altered beyond the Received field
    public async Task SMTP_61_NothingButTheTraceIsAdded()
    {
        const string Signed =
            "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=corp.test; s=x;\r\n\th=From:Subject; bh=AAAA; b=BBBB\r\n"
            + "From:   \"A  B\"\t<app@corp.test>\r\nsubject : odd \t spacing  \r\nX-Empty:\r\nX-8bit: h\u00e9\r\n\r\n"
            + "trailing blanks \t \r\n\r\n\r\n.. dots\r\n\u00a0\u00ff\r\n\r\n";

        // Neither Date nor Message-ID: on a listener that relays even these are not missed.
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync(("Relay:Listeners:0:Submission", "false"));
        await relay.SubmitAsync(PlainMessage.Mail + " BODY=8BITMIME", Ann, Signed, Cancel);

        var message = (await mx.WaitForMessagesAsync(1, Cancel))[0];
        var expected = Encoding.UTF8.GetBytes(Signed.Replace("\r\n..", "\r\n.", StringComparison.Ordinal));
        Assert.Equal(expected, message.Content[^expected.Length..].ToArray());
        Assert.Matches(Grammar, message.Text[..^expected.Length]);
    }

    [Theory] // RFC 5321 §4.4, RFC 5322 §2.1, §2.2.3: what begins with text stays text, and the fields in front of it stay whole
    [InlineData(" (from bank.test); Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\nbody\r\n")]
    [InlineData("\tfolded\r\nSubject: not a header any more\r\n\r\nbody\r\n")]
    [InlineData("Alarm in room 7\r\nDate: today\r\n")]
    public async Task SMTP_54_TextWithoutAHeaderStaysText(string text)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:Listeners:0:Submission", "false"), ("Relay:Listeners:1:Address", "127.0.0.1:0"));
        foreach (var (endPoint, isSubmission) in new[] { (relay.EndPoints[0], false), (relay.EndPoints[1], true) })
        {
            await using var talk = await SmtpTalk.OpenAsync(endPoint, Cancel);
            await talk.SubmitAsync(PlainMessage.Mail, Ann, text, Cancel);
            await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
            await talk.SayAsync(Ann[0], "250", Cancel);
            foreach (var character in text)
            {
                await talk.SayAsync($"BDAT 1\r\n{character}BDAT 0", "250", Cancel);
                Assert.StartsWith("250", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
            }

            await talk.SayAsync("BDAT 0 LAST", "250 2.0.0", Cancel);
            var earlier = isSubmission ? 2 : 0;
            foreach (var message in (await mx.WaitForMessagesAsync(earlier + 2, Cancel)).Skip(earlier))
            {
                var trace = TraceOf(message, "\r\n" + text);
                var added = trace.IndexOf("Date: ", StringComparison.Ordinal);
                Assert.Equal(isSubmission, added > 0);
                Assert.Matches(Grammar, isSubmission ? trace[..added] : trace);
                Assert.True(!isSubmission || trace[added..].Split("\r\n") is [_, ['M', ..], ""], trace);
            }
        }
    }

    [Theory] // RFC 5321 §4.4: a relay does not add or act upon Return-Path
    [InlineData("")]
    [InlineData("Return-Path: <other@else.test>\r\n")]
    public async Task SMTP_62_ReturnPathIsNeitherAddedNorActedUpon(string field)
    {
        var message = await RelayAsync(field + PlainMessage.Text);

        Assert.Matches(Grammar, TraceOf(message, field + PlainMessage.Text));
        Assert.Equal("app@corp.test", message.ReversePath);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    /// <summary>What stands before the text that was sent, which must have arrived octet for octet.</summary>
    private static string TraceOf(MxMessage message, string sent)
    {
        Assert.EndsWith(sent, message.Text, StringComparison.Ordinal);
        return message.Text[..^sent.Length];
    }

    private LabMx AddDomain()
    {
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test");
        return _lab.AddHost("mx.one.test");
    }

    private async Task<MxMessage> RelayAsync(string text)
    {
        var mx = AddDomain();
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(PlainMessage.Mail, Ann, text, Cancel);
        return (await mx.WaitForMessagesAsync(1, Cancel))[0];
    }

    private async Task<string> TraceOfSessionAsync(string hello, bool tls)
    {
        var mx = AddDomain();
        var (certificate, key) = (Path.Combine(_lab.DataDirectory, "relay.pem"), Path.Combine(_lab.DataDirectory, "relay.key"));
        _lab.Authority.Issue("relay.test").WritePem(certificate, key);
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:Certificate:CertificateFile", certificate), ("Relay:Certificate:KeyFile", key));
        await using var talk = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
        await talk.ReadReplyAsync(Cancel);
        await talk.SayAsync($"{hello} client.test", "250", Cancel);
        if (tls)
        {
            await talk.StartTlsAsync(Cancel);
        }

        await talk.SubmitAsync(PlainMessage.Mail, Ann, PlainMessage.Text, Cancel);
        return TraceOf((await mx.WaitForMessagesAsync(1, Cancel))[0], PlainMessage.Text);
    }
}
