using System.Text;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

public class SmtpServerSessionTests
{
    [Fact] // RFC 5321 §3.3, SMTP-44, DSN-11
    public async Task Transaction_Whole_IsHandedOnUnchanged()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.Equal("250 2.1.0 Sender ok", await server.AskAsync("MAIL FROM:<\"A b\"@Client.TEST> ENVID=x+2By RET=FULL"));
        Assert.Equal("250 2.1.5 Recipient ok", await server.AskAsync("RCPT TO:<C.d@mx.test> NOTIFY=NEVER"));
        Assert.Equal("250 2.1.5 Recipient ok", await server.AskAsync("RCPT TO:<@old.test:e@mx.test>"));
        Assert.Equal("250 2.1.5 Recipient ok", await server.AskAsync("RCPT TO:<POSTmaster>")); // SMTP-67
        Assert.StartsWith("354 ", await server.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", await server.AskAsync("Subject: x\r\n\r\nbody\r\n."));
        var message = Assert.Single(server.Acceptor.Messages);
        Assert.Equal("<\"A b\"@Client.TEST>", message.Mail.ReversePath.ToString());
        Assert.Equal("x+2By", message.Mail.EnvelopeId);
        Assert.Equal(["C.d@mx.test", "e@mx.test", "POSTmaster"], message.Recipients.Select(r => r.Mailbox.ToString()));
        Assert.Equal(DsnNotify.Never, message.Recipients[0].Notify);
        Assert.Equal("Subject: x\r\n\r\nbody\r\n", Encoding.ASCII.GetString(message.Content));
        Assert.False(message.IsEightBit);
        Assert.Equal("client.test", message.Session.HelloName);
        Assert.Equal("221 2.0.0 Bye", await server.AskAsync("QUIT"));
        Assert.Empty(await server.ReadToEndAsync());
    }

    [Fact] // EXT-15, EXT-19, EXT-20, RFC 5321 §4.1.1.1
    public async Task Ehlo_Always_OffersWhatWeHave()
    {
        var options = new SmtpServerOptions { HostName = "mx.test", MaxMessageBytes = 1000 };
        await using var server = await new ServerUnderTest { Options = options }.StartAsync();
        Assert.Equal(
            "250-mx.test|250-PIPELINING|250-SIZE 1000|250-8BITMIME|250-SMTPUTF8|250-CHUNKING|250-DSN"
            + "|250-ENHANCEDSTATUSCODES|250 HELP",
            await server.AskAsync("EHLO client.test"));
        Assert.Equal("250 mx.test", await server.AskAsync("HELO client.test"));
    }

    [Theory] // RFC 5321 §4.1.4, §4.3.2
    [InlineData("MAIL FROM:<a@b.test>", "503 5.5.1")]
    [InlineData("RCPT TO:<a@b.test>", "503 5.5.1")]
    [InlineData("DATA", "503 5.5.1")]
    [InlineData("VRFY someone", "252 2.5.0")]
    [InlineData("EXPN list", "502 5.5.1")]
    [InlineData("AUTH PLAIN", "502 5.5.1")]
    [InlineData("NOOP anything", "250 2.0.0")]
    [InlineData("RSET", "250 2.0.0")]
    [InlineData("EHLO", "501 5.5.4")]
    [InlineData("EHLO a=0D=0Ab", "501 5.5.4")] // HARD-12
    [InlineData("MAIL", "501 5.5.4")]
    public async Task Command_BeforeEhlo_GetsItsReply(string line, string reply)
    {
        await using var server = await new ServerUnderTest().StartAsync();
        Assert.StartsWith(reply, await server.AskAsync(line), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §3.3, §4.1.4
    public async Task Command_OutOfOrder_Is503AndHarmless()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.AskAsync("MAIL FROM:<a@b.test>");
        Assert.StartsWith("503 5.5.1", await server.AskAsync("MAIL FROM:<x@b.test>"), StringComparison.Ordinal);
        Assert.StartsWith("554 5.5.1", await server.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.1.5", await server.AskAsync("RCPT TO:<a@b.test>"), StringComparison.Ordinal);
        await server.AskAsync("EHLO again.test");
        Assert.StartsWith("503 5.5.1", await server.AskAsync("DATA"), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §3.3: a policy's refusal is the reply
    public async Task Policy_Refusal_IsTheReplyAndLeavesTheRest()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        server.Policy.Recipient = to =>
            to.Mailbox.LocalPart == "no" ? new Reply(550, new(5, 7, 1), "Relaying denied\r\n250 Ok") : null;
        await server.AskAsync("MAIL FROM:<a@b.test>");
        Assert.Equal("550 5.7.1 Relaying denied??250 Ok", await server.AskAsync("RCPT TO:<no@b.test>")); // HARD-12
        Assert.StartsWith("250", await server.AskAsync("RCPT TO:<yes@b.test>"), StringComparison.Ordinal);
        await server.AskAsync("DATA");
        await server.AskAsync(".");
        Assert.Equal("yes", Assert.Single(Assert.Single(server.Acceptor.Messages).Recipients).Mailbox.LocalPart);
    }

    [Fact] // EXT-04, RFC 2920 §3.2
    public async Task Pipeline_WithABadCommand_IsAnsweredInOrderInOneFlush()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.SendAsync(
            "MAIL FROM:<a@b.test>\r\nRCPT TO:<bad\r\nRCPT TO:<a@b.test>\r\nDATA\r\ntext\r\n.\r\nNOOP\r\nQUIT\r\n");
        var replies = (await server.ReadToEndAsync()).Split("\r\n");
        Assert.Equal(
            ["250 2.1.0", "501 5.1.3", "250 2.1.5", "354 End d", "250 2.0.0", "250 2.0.0", "221 2.0.0"],
            replies.Take(7).Select(reply => reply[..9]));
        Assert.Single(server.Acceptor.Messages);
    }

    [Fact] // EXT-20, RFC 2034 §4
    public async Task Replies_AfterEhlo_AllCarryTheirClassOnEveryLine()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        foreach (var command in new[]
        {
            "NOOP", "RSET", "HELP", "VRFY a", "EXPN a", "AUTH X", "STARTTLS", "BAD", "MAIL FROM:<>", "RCPT TO:<>", "DATA",
            "RCPT TO:<a@b.test> X=1", "BDAT 0", "NOOP\nNOOP", new string('x', 3000), "QUIT",
        })
        {
            foreach (var line in (await server.AskAsync(command)).Split('|'))
            {
                Assert.Matches($@"^{line[0]}\d\d[ -]{line[0]}\.\d+\.\d+ ", line);
            }
        }
    }

    [Fact] // EXT-19, RFC 1870 §6.1
    public async Task Mail_DeclaredTooBig_Is552()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.StartsWith("552 5.3.4", await server.AskAsync("MAIL FROM:<a@b.test> SIZE=52428801"), StringComparison.Ordinal);
        Assert.StartsWith(
            "552 5.3.4", await server.AskAsync("MAIL FROM:<a@b.test> SIZE=99999999999999999999"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.1.0", await server.AskAsync("MAIL FROM:<a@b.test> SIZE=52428800"), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.5.3.1.10
    public async Task Rcpt_AboveTheLimit_Is452()
    {
        var options = new SmtpServerOptions { HostName = "mx.test", MaxRecipients = 100 };
        await using var server = await new ServerUnderTest { Options = options }.GreetAsync();
        await server.AskAsync("MAIL FROM:<a@b.test>");
        for (var i = 0; i < 100; i++)
        {
            Assert.StartsWith("250", await server.AskAsync($"RCPT TO:<u{i}@b.test>"), StringComparison.Ordinal);
        }

        Assert.StartsWith("452 4.5.3", await server.AskAsync("RCPT TO:<more@b.test>"), StringComparison.Ordinal);
    }

    [Fact] // RFC 6531 §3.5: 553 5.6.7
    public async Task Address_NotAsciiWithoutSmtpUtf8_Is553()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.StartsWith("553 5.6.7", await server.AskAsync("MAIL FROM:<j\u00F6rg@b.test>"), StringComparison.Ordinal);
        await server.AskAsync("MAIL FROM:<a@b.test>");
        Assert.StartsWith("553 5.6.7", await server.AskAsync("RCPT TO:<a@b\u00FCcher.test>"), StringComparison.Ordinal);
        await server.AskAsync("RSET");
        Assert.StartsWith("250", await server.AskAsync("MAIL FROM:<j\u00F6rg@b.test> SMTPUTF8"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("RCPT TO:<a@b\u00FCcher.test>"), StringComparison.Ordinal);
    }

    [Fact] // HARD-01, RFC 5321 §2.3.8
    public async Task CommandLine_WithBareLineEnds_Is500AndNotSplit()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.StartsWith("500 5.5.2", await server.AskAsync("NOOP\nMAIL FROM:<a@b.test>"), StringComparison.Ordinal);
        Assert.StartsWith("500 5.5.2", await server.AskAsync("NOOP\rMAIL FROM:<a@b.test>"), StringComparison.Ordinal);
        Assert.StartsWith("500 5.5.2", await server.AskAsync("NOOP\r"), StringComparison.Ordinal);
        Assert.StartsWith("500 5.5.2", await server.AskAsync("NO\0OP"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.AskAsync("RCPT TO:<a@b.test>"), StringComparison.Ordinal);
    }

    [Theory] // HARD-01, RFC 5321 §2.3.8: a client that ends its lines in LF alone hears so at once, and nothing of them is a command
    [InlineData("EHLO client.test\n", false)]
    [InlineData("NOOP\nMAIL FROM:<a@b.test>\n", true)]
    public async Task CommandLine_EndingInLineFeedAlone_Is500AndTheEnd(string octets, bool greets)
    {
        var server = new ServerUnderTest();
        await using var started = greets ? await server.GreetAsync() : await server.StartAsync();
        await server.SendAsync(octets);
        Assert.Equal("500 5.5.2 Lines end in CR LF, not in LF alone; closing\r\n", await server.ReadToEndAsync());
        Assert.Equal("500 5.5.2 Lines end in CR LF, not in LF alone; closing", Assert.Single(server.Log.Named("command-refused")).Fields["Reply"]);
    }

    [Theory] // An operator who is asked why a device's mail does not come has a line that says it
    [InlineData("MAIL FROM:<a@b.test> NONE=1", "555 5.5.4")]
    [InlineData("RCPT TO:<a@b.test>", "503 5.5.1")]
    [InlineData("MAIL FROM:a@b.test", "501 5.1.7")]
    [InlineData("HELP ME\tNOT", "")]
    [InlineData("XYZZY", "500 5.5.1")]
    [InlineData("BDAT x LAST", "501 5.5.4")]
    public async Task Command_Refused_IsLoggedWithItsReply(string line, string reply)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        var answer = await server.AskAsync(line);
        var logged = server.Log.Named("command-refused");
        if (reply.Length == 0)
        {
            Assert.Empty(logged);
            return;
        }

        Assert.StartsWith(reply, answer, StringComparison.Ordinal);
        Assert.Equal(answer, Assert.Single(logged).Fields["Reply"]);
    }

    [Fact] // SMTP-42, DSN-12, RFC 5321 §4.5.3.1.4, RFC 3461 §5.4
    public async Task CommandLine_AtItsLimit_IsTakenAndOneMoreIs500()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        foreach (var length in new[] { 512, 1036, 2048 })
        {
            Assert.StartsWith(
                "250", await server.AskAsync("NOOP " + new string('x', length - 7)), StringComparison.Ordinal);
        }

        foreach (var length in new[] { 2049, 2050, 4096, 60_000 })
        {
            Assert.Equal("500 5.5.2 Line too long", await server.AskAsync("NOOP " + new string('x', length - 7)));
        }

        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact] // HARD-06
    public async Task CommandLine_Endless_IsRefusedEarly()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        for (var i = 0; i < 20; i++)
        {
            await server.SendAsync(new string('x', 5000));
        }

        Assert.Equal("500 5.5.2 Line too long\r\n", await server.ReadToEndAsync());
        await server.Session;
    }

    [Fact] // HARD-10, RFC 5321 §3.1
    public async Task Client_ThatTalksBeforeTheGreeting_IsRefused()
    {
        await using var server = new ServerUnderTest();
        await server.LaunchAfterAsync("EHLO early.test\r\n");
        Assert.StartsWith("554 5.5.1", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
        Assert.Equal("greeting", Assert.Single(server.Log.Named("early-talker")).Fields["Before"]);
    }

    [Fact] // RFC 5321 §4.3.2
    public async Task Client_WithTooManyErrors_Gets421()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        for (var i = 0; i < 19; i++)
        {
            Assert.StartsWith("500", await server.AskAsync("BAD"), StringComparison.Ordinal);
        }

        await server.SendAsync("BAD\r\nNOOP\r\n");
        Assert.Equal(
            "500 5.5.1 Command not recognized\r\n421 4.7.0 mx.test too many errors, closing\r\n",
            await server.ReadToEndAsync());
    }

    [Fact] // SMTP-31, RFC 5321 §4.5.3.2.7
    public async Task IdleClient_Is421AfterFiveMinutesAndNotBefore()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.WaitUntilTimedAsync();
        server.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        await server.RunOutOfTimeAsync(TimeSpan.FromMinutes(5));
        Assert.Equal("421 4.4.2 mx.test waited too long, closing\r\n", await server.ReadToEndAsync());
    }

    [Fact] // RFC 5321 §4.5.3.2.5
    public async Task StalledData_Is421AndDiscarded()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        var written = new TaskCompletionSource();
        server.Acceptor.OnWrite = _ => { written.TrySetResult(); return null; };
        await server.BeginDataAsync();
        await server.SendAsync("half a mess");
        await written.Task;
        await server.RunOutOfTimeAsync(TimeSpan.FromMinutes(3));
        Assert.StartsWith("421 4.4.2", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
        Assert.Empty(server.Acceptor.Messages);
        Assert.Equal(1, server.Acceptor.Discarded);
    }

    [Fact] // SMTP-68, RFC 5321 §3.8
    public async Task Shutdown_WhenIdle_Is421()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        server.Stop();
        Assert.Equal("421 4.3.2 mx.test is shutting down, closing\r\n", await server.ReadToEndAsync());
        await server.Session;
    }

    [Fact] // SMTP-68: what is in flight is finished
    public async Task Shutdown_InMidMessage_FinishesItThen421()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        await server.SendAsync("half ");
        server.Stop();
        await server.SendAsync("and half\r\n.\r\n");
        Assert.Equal(
            "250 2.0.0 Ok: queued\r\n421 4.3.2 mx.test is shutting down, closing\r\n", await server.ReadToEndAsync());
        Assert.Equal("half and half\r\n", Encoding.ASCII.GetString(Assert.Single(server.Acceptor.Messages).Content));
    }

    [Fact]
    public async Task Abort_InMidMessage_EndsSilentlyAndDiscards()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        server.Abort();
        Assert.Empty(await server.ReadToEndAsync());
        await server.Session;
        Assert.Equal(1, server.Acceptor.Discarded);
    }

    [Fact] // RFC 5321 §4.1.1.4: without the final dot there is no message
    public async Task LostConnection_InMidMessage_DiscardsIt()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        await server.SendAsync("text\r\n.");
        await server.CloseAsync();
        await server.Session;
        Assert.Empty(server.Acceptor.Messages);
        Assert.Equal(1, server.Acceptor.Discarded);
    }

    [Fact] // SMTP-45, RFC 5321 §6.1: no 250 before the commit
    public async Task Commit_Pending_HoldsTheReply()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        var gate = new TaskCompletionSource();
        server.Acceptor.CommitGate = gate.Task;
        await server.BeginDataAsync();
        await server.SendAsync("x\r\n.\r\n");
        var reply = server.ReadReplyAsync();
        Assert.False(reply.IsCompleted);
        gate.SetResult();
        Assert.StartsWith("250 2.0.0", await reply, StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §3.8: our own failure is transient to the client
    public async Task Acceptor_ThatThrows_Is421()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        server.Acceptor.BeginFailure = new IOException("disk on fire");
        await server.AskAsync("MAIL FROM:<a@b.test>");
        await server.AskAsync("RCPT TO:<a@b.test>");
        await server.SendAsync("DATA\r\n");
        Assert.StartsWith("421 4.3.0", await server.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact] // The acceptor's refusal comes after the message's real end
    public async Task Acceptor_RefusesWhileWriting_AnswersAtTheEnd()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        server.Acceptor.OnWrite = _ => new Reply(452, new(4, 3, 1), "Disk full");
        await server.BeginDataAsync();
        Assert.Equal("452 4.3.1 Disk full", await server.AskAsync("text\r\nMAIL FROM:<a@b.test>\r\n."));
        Assert.Empty(server.Acceptor.Messages);
        Assert.StartsWith("250", await server.AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
    }
}
