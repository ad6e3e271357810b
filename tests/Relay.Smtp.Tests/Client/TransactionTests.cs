using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Smtp.Client;
using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>Mail transactions: groups, positions, results for each recipient. Most hold with and without PIPELINING.</summary>
public sealed class TransactionTests
{
    public static TheoryData<bool> BothWays => [true, false];

    [Theory] // SMTP-20, SMTP-35, TLS-04: the whole dialogue inside TLS
    [MemberData(nameof(BothWays))]
    public async Task Session_FromGreetingToQuit_DeliversTheMessage(bool pipelines)
    {
        using var authority = new LabCertificateAuthority();
        using var certificate = authority.Issue("mx.lab.test");
        await using var mx = LabMx.Start(Mx(pipelines) with { Certificate = certificate });
        await using (var session = await OpenTlsAsync(mx.EndPoint))
        {
            var result = await session.SendAsync(Message("a@lab.test", "b@lab.test"), Cancellation);
            Assert.Null(result.Fault);
            Assert.Equal([250, 250], Codes(result));
            Assert.Equal([SmtpStage.EndOfData, SmtpStage.EndOfData], Stages(result));
            await session.QuitAsync(Cancellation);
        }

        var message = Assert.Single(await mx.WaitForMessagesAsync(1, Cancellation));
        Assert.Equal(Text, message.Text);
        Assert.Equal(
            ["EHLO relay.lab.test", "STARTTLS", "EHLO relay.lab.test", "MAIL FROM:<app@corp.test>",
                "RCPT TO:<a@lab.test>", "RCPT TO:<b@lab.test>", "DATA", "QUIT"],
            mx.Connections[0].Lines);
        Assert.Equal([false, false, true, true, true, true, true, true], mx.Commands.Select(c => c.IsTls));
    }

    [Fact] // EXT-01, RFC 2920 §3.1: one group that DATA ends; nothing ahead of replies without the extension
    public async Task Group_OnlyWherePipeliningIsOffered_IsSentAtOnce()
    {
        foreach (var pipelines in new[] { true, false })
        {
            await using var mx = LabMx.Start(Mx(pipelines));
            await using var session = await OpenAsync(mx.EndPoint);
            await session.SendAsync(Message("a@lab.test", "b@lab.test"), Cancellation);
            await session.QuitAsync(Cancellation);

            Assert.Equal(
                pipelines ? [false, true, true, true, false, false] : new bool[6],
                mx.Commands.Select(c => c.OctetsBehind > 0));
        }
    }

    [Fact] // EXT-05, RFC 3030 §2: content goes by DATA, whatever is offered
    public async Task Content_WhereChunkingIsOffered_GoesByDataAlone()
    {
        await using var mx = LabMx.Start(new MxBehavior { Extensions = ["PIPELINING", "CHUNKING", "BINARYMIME"] });
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message("a@lab.test"), Cancellation);

        Assert.Equal([250], Codes(result));
        Assert.Equal(["EHLO", "MAIL", "RCPT", "DATA"], mx.Commands.Select(c => c.Verb));
    }

    [Theory] // EXT-02, SMTP-38, SMTP-37: every reply finds its recipient
    [InlineData(true, MxChunking.Batched)]
    [InlineData(true, MxChunking.PerOctet)]
    [InlineData(false, MxChunking.Whole)]
    public async Task Recipients_WithMixedReplies_AreKeptApart(bool pipelines, MxChunking chunking)
    {
        await using var mx = LabMx.Start((Mx(pipelines) with { Chunking = chunking, MaxRecipients = 2 })
            .At("RCPT", "<b@", MxAction.Reply("550-5.1.1 no", "550 5.1.1 such user"))
            .At("RCPT", "<d@", MxAction.Reply("450 4.2.0 greylisted")));
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(
            Message("a@lab.test", "b@lab.test", "c@lab.test", "d@lab.test", "e@lab.test"), Cancellation);

        Assert.Equal([250, 550, 250, 450, 452], Codes(result));
        Assert.Equal(
            [SmtpStage.EndOfData, SmtpStage.Recipient, SmtpStage.EndOfData, SmtpStage.Recipient, SmtpStage.Recipient],
            Stages(result));
        Assert.Equal(["a@lab.test", "c@lab.test"], Assert.Single(mx.Messages).Recipients);
    }

    [Fact] // EXT-03, RFC 2920 §3.1
    public async Task Data_TakenWithoutRecipients_GetsALoneDot()
    {
        await using var mx = LabMx.Start(Mx(true)
            .At("RCPT", "<no", MxAction.Reply("550 5.1.1 no")).At(new MxRule("DATA", MxAction.Reply("354 go on")) { Times = 1 })
            .At(new MxRule(MxRule.EndOfData, MxAction.Reply("554 5.5.1 no recipients")) { Times = 1 }));
        await using var session = await OpenAsync(mx.EndPoint);

        var refused = await session.SendAsync(Message("no1@lab.test", "no2@lab.test"), Cancellation);
        var next = await session.SendAsync(Message("a@lab.test"), Cancellation);

        Assert.Equal([550, 550], Codes(refused));
        Assert.Null(refused.Fault);
        Assert.Equal([250], Codes(next));
        Assert.Equal(".\r\n"u8, Assert.Single(mx.Unaccepted).Wire.Span);
        Assert.DoesNotContain(mx.Commands, c => c.Verb == "RSET");
    }

    [Theory] // RFC 5321 §4.1.4: what the server still holds open is reset before the next MAIL
    [InlineData(true, "RCPT")]
    [InlineData(false, "RCPT")]
    [InlineData(true, "DATA")]
    [InlineData(false, "DATA")]
    public async Task Transaction_LeftOpen_IsResetBeforeTheNext(bool pipelines, string refusedAt)
    {
        await using var mx = LabMx.Start(Mx(pipelines).At(new MxRule(refusedAt, MxAction.Reply("451 4.3.0 no")) { Times = 1 }));
        await using var session = await OpenAsync(mx.EndPoint);

        var first = await session.SendAsync(Message("a@lab.test"), Cancellation);
        var second = await session.SendAsync(Message("b@lab.test"), Cancellation);

        Assert.Equal([451], Codes(first));
        Assert.Equal([refusedAt == "RCPT" ? SmtpStage.Recipient : SmtpStage.Data], Stages(first));
        Assert.Equal([250], Codes(second));
        Assert.Single(mx.Commands, c => c.Verb == "RSET");
    }

    [Theory] // RFC 5321 §3.3; SMTP-34: the refusal stands, not the loss behind it
    [InlineData(true, "550 5.7.1 not you")]
    [InlineData(false, "550 5.7.1 not you")]
    [InlineData(true, "421 4.7.0 closing")]
    public async Task Mail_RefusedByAServerThatThenCloses_IsRefused(bool pipelines, string reply)
    {
        await using var mx = LabMx.Start(Mx(pipelines).At("MAIL", MxAction.ReplyAndClose(reply)));
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message("a@lab.test", "b@lab.test"), Cancellation);

        Assert.All(result.Recipients, r => Assert.Equal((reply, SmtpStage.Mail), (r.Reply?.ToString(), r.Stage)));
    }

    [Theory] // SMTP-34, RFC 5321 §3.8
    [InlineData(true, "RCPT", SmtpStage.Recipient)]
    [InlineData(false, "RCPT", SmtpStage.Recipient)]
    [InlineData(true, "DATA", SmtpStage.Data)]
    [InlineData(true, MxRule.EndOfData, SmtpStage.EndOfData)]
    public async Task Connection_LostAtAStep_LeavesRecipientsWithoutReply(bool pipelines, string at, SmtpStage stage)
    {
        foreach (var action in new[] { MxAction.Close, MxAction.Reset })
        {
            await using var mx = LabMx.Start(Mx(pipelines).At(at, action));
            await using var session = await OpenAsync(mx.EndPoint);

            var result = await session.SendAsync(Message("a@lab.test"), Cancellation);

            Assert.Equal((SessionFaultKind.ConnectionLost, stage), (result.Fault!.Kind, result.Fault.Stage));
            Assert.Equal([new RecipientResult(null, stage)], result.Recipients);
            await Assert.ThrowsAsync<InvalidOperationException>(() => session.SendAsync(Message("a@lab.test"), Cancellation));
        }
    }

    [Theory] // RFC 5321 §4.2.1: replies out of step break the session before a message can be misjudged
    [InlineData("MAIL", "354 go on\r\n", SmtpStage.Mail)]
    [InlineData("MAIL", "250 Ok\r\n250 Ok\r\n", SmtpStage.Data)]
    [InlineData("DATA", "250 Ok\r\n", SmtpStage.Data)]
    [InlineData(MxRule.EndOfData, "354 again\r\n", SmtpStage.EndOfData)]
    [InlineData("RCPT", "250-a\r\n550 b\r\n", SmtpStage.Recipient)]
    public async Task Replies_OutOfStep_BreakTheSession(string at, string octets, SmtpStage stage)
    {
        await using var mx = LabMx.Start(Mx(true).At(at, MxAction.Raw(octets)));
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message("a@lab.test"), Cancellation);

        Assert.Equal((SessionFaultKind.ProtocolViolation, stage), (result.Fault!.Kind, result.Fault.Stage));
        Assert.Equal([0], Codes(result));
    }

    [Fact] // RFC 2920 §3.1: a server that does not read on until its replies are taken holds nobody
    public async Task Group_OfManyRecipients_DoesNotDeadlock()
    {
        var recipients = Enumerable.Range(0, 20_000).Select(i => $"recipient-number-{i}-with-a-long-name@lab.test").ToArray();
        await using var mx = LabMx.Start(Mx(true).At("RCPT", MxAction.Reply("250 " + new string('x', 200))));
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message(recipients), Cancellation);

        Assert.Null(result.Fault);
        Assert.Equal(20_000, Assert.Single(mx.Messages).Recipients.Count);
    }

    private static MxBehavior Mx(bool pipelines) => new() { Extensions = pipelines ? ["PIPELINING"] : [] };
}
