using Relay.Mail;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

/// <summary>HARD-15, RFC 5321 §7.8: what a client can have too much of, each with its own reply.</summary>
public sealed class SessionLimitTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact] // a million RSETs end after a thousand
    public async Task Rset_AMillionTimes_Is421AfterAThousand()
    {
        await using var server = await new ServerUnderTest().StartAsync();
        var reading = server.ReadToEndAsync();
        var flood = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("RSET\r\n", 10_000)));
        for (var round = 0; round < 100 && !server.Session.IsCompleted; round++)
        {
            await server.SendAsync(flood);
        }

        var replies = (await reading).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1001, replies.Length);
        Assert.All(replies.SkipLast(1), reply => Assert.Equal("250 2.0.0 Ok", reply));
        Assert.Equal("421 4.7.0 mx.test too many commands without a message, closing", replies[^1]);
    }

    [Theory] // whatever brings no message nearer
    [InlineData("NOOP")]
    [InlineData("VRFY someone")]
    [InlineData("HELP")]
    [InlineData("EHLO client.test")]
    [InlineData("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRSET")]
    [InlineData("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nBDAT 1\r\nxRSET")]
    [InlineData("MAIL FROM:<a@b.test>\r\nRCPT TO:<address@fault.test>\r\nRSET")]
    public async Task Commands_WithoutEnd_Are421(string commands)
    {
        var options = new SmtpServerOptions { HostName = "mx.test", MaxCommands = 50 };
        await using var server = await new ServerUnderTest { Options = options }.GreetAsync();
        server.Policy.Recipient = to =>
            to.Mailbox.LocalPart == "address" ? new Reply(550, new(5, 1, 2), "no such domain") : null;
        await server.SendAsync(string.Concat(Enumerable.Repeat(commands + "\r\n", 60)));
        var replies = await server.ReadToEndAsync();
        Assert.EndsWith("421 4.7.0 mx.test too many commands without a message, closing\r\n", replies, StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.5.3.1.8: who sends mail is not counted, neither its messages nor its recipients
    public async Task Messages_WithManyRecipients_AreNeverTooManyCommands()
    {
        var options = new SmtpServerOptions { HostName = "mx.test", MaxCommands = 10 };
        await using var server = await new ServerUnderTest { Options = options }.GreetAsync();
        for (var message = 0; message < 5; message++)
        {
            await server.AskAsync("MAIL FROM:<a@b.test>");
            for (var i = 0; i < 100; i++)
            {
                Assert.StartsWith("250", await server.AskAsync($"RCPT TO:<u{i}@d.test>"), StringComparison.Ordinal);
            }

            await server.AskAsync("DATA");
            Assert.StartsWith("250", await server.AskAsync("text\r\n."), StringComparison.Ordinal);
        }

        await server.BeginAsync();
        var chunk = string.Concat(Enumerable.Repeat(new string('x', 510) + "\r\n", 2));
        for (var i = 0; i < 40; i++)
        {
            Assert.StartsWith("250", await server.AskRawAsync($"BDAT {chunk.Length}\r\n{chunk}"), StringComparison.Ordinal);
        }

        Assert.StartsWith("250", await server.AskAsync("BDAT 0 LAST"), StringComparison.Ordinal);
        Assert.Equal(6, server.Acceptor.Messages.Count);
    }

    [Theory] // refusals by policy are errors too: a remote party who tries doors is not listened to for long
    [InlineData("RCPT TO:<denied@d.test>", 550)]
    [InlineData("MAIL FROM:<a@b.test> SIZE=99999999999", 552)]
    [InlineData("DATA", 554)]
    public async Task Refusals_TooMany_Are421(string command, int code)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        server.Policy.Recipient = _ => new Reply(550, new(5, 7, 1), "Relaying denied");
        if (code != 552)
        {
            await server.AskAsync("MAIL FROM:<a@b.test>");
        }

        await server.SendAsync(string.Concat(Enumerable.Repeat(command + "\r\n", 30)));
        var replies = (await server.ReadToEndAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(21, replies.Length);
        Assert.All(replies.SkipLast(1), reply => Assert.StartsWith($"{code} 5.", reply, StringComparison.Ordinal));
        Assert.Equal("421 4.7.0 mx.test too many errors, closing", replies[^1]);
    }

    [Fact] // a mailing may hold many bad addresses
    public async Task Recipients_WhoseAddressIsAtFault_AreNoErrorsOfTheClient()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        server.Policy.Recipient = to =>
            to.Mailbox.LocalPart == "good" ? null : new Reply(556, new(5, 1, 10), "takes no mail");
        await server.AskAsync("MAIL FROM:<a@b.test>");
        for (var i = 0; i < 100; i++)
        {
            Assert.StartsWith("556", await server.AskAsync($"RCPT TO:<u{i}@d.test>"), StringComparison.Ordinal);
        }

        await server.AskAsync("RCPT TO:<good@d.test>");
        await server.AskAsync("DATA");
        Assert.StartsWith("250", await server.AskAsync("text\r\n."), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.5.3.2.7: each command has its five minutes, and an hour of nothing is enough
    public async Task Noop_EveryFourMinutes_Is421AfterAnHour()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        for (var minutes = 4; minutes <= 60; minutes += 4)
        {
            await server.WaitUntilTimedAsync();
            server.Clock.Advance(4 * Minute);
            Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        }

        await server.WaitUntilTimedAsync();
        server.Clock.Advance(4 * Minute);
        Assert.Equal("421 4.4.2 mx.test too long without a message, closing", await server.AskAsync("NOOP"));
        await server.Session;
    }

    [Fact] // RFC 5321 §4.5.3.2.7: an octet a minute makes no command in five
    public async Task Command_AnOctetAMinute_Is421AfterFive()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        for (var octet = 0; octet < 4; octet++)
        {
            await server.SendAsync("N");
            await server.Clock.TimerScheduledAsync((5 - octet) * Minute, TestContext.Current.CancellationToken);
            server.Clock.Advance(Minute);
        }

        await server.RunOutOfTimeAsync(Minute);
        Assert.Equal("421 4.4.2 mx.test waited too long, closing\r\n", await server.ReadToEndAsync());
    }

    [Theory] // RFC 5321 §4.5.3.2.5: a block has its three minutes, and the message a least rate
    [InlineData("DATA\r\n", "x")]
    [InlineData("BDAT 1000000 LAST\r\n", "x")]
    [InlineData("", "BDAT 1\r\nx")]
    public async Task Content_AnOctetAMinute_Is421AfterTheGraceAndDiscarded(string begin, string portion)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        var taken = new SemaphoreSlim(0);
        server.Acceptor.OnWrite = _ => { taken.Release(); return null; };
        await server.SendAsync(begin);
        for (var minutes = 0; minutes < 10; minutes++)
        {
            await server.SendAsync(portion);
            await taken.WaitAsync(TestContext.Current.CancellationToken);
            await server.WaitUntilTimedAsync();
            Assert.False(server.Session.IsCompleted);
            server.Clock.Advance(Minute);
        }

        await server.RunOutOfTimeAsync(Minute);
        Assert.EndsWith(
            "421 4.4.2 mx.test the message comes too slowly, closing\r\n", await server.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Empty(server.Acceptor.Messages);
        Assert.Equal(1, server.Acceptor.Discarded);
    }

    [Fact] // chunks that nobody asked for are read at the same pace
    public async Task Chunk_WithoutMailAndAnOctetAMinute_Is421AfterTheGrace()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.SendAsync("BDAT 1000000\r\n");
        for (var minutes = 0; minutes <= 7; minutes++)
        {
            await server.SendAsync("x");
            await server.Clock.TimerScheduledAsync(3 * Minute, TestContext.Current.CancellationToken);
            server.Clock.Advance(Minute);
        }

        await server.RunOutOfTimeAsync(Minute);
        Assert.StartsWith("421 4.4.2", await server.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.5.3.2.5, departure: what came quickly buys no time to hold the rest back
    public async Task Content_QuickAndThenAnOctetAMinute_Is421AfterTheGrace()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        var quick = string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 900));
        var taken = 0;
        server.Acceptor.OnWrite = octets =>
        {
            Volatile.Write(ref taken, octets);
            return null;
        };
        await server.SendAsync(quick);
        for (var minutes = 0; minutes < 10; minutes++)
        {
            await server.SendAsync("x");
            await Poll.UntilAsync(() => Volatile.Read(ref taken) == quick.Length + minutes + 1, TestContext.Current.CancellationToken);
            await server.WaitUntilTimedAsync();
            Assert.False(server.Session.IsCompleted);
            server.Clock.Advance(Minute);
        }

        await server.RunOutOfTimeAsync(Minute);
        Assert.EndsWith(
            "421 4.4.2 mx.test the message comes too slowly, closing\r\n", await server.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(1, server.Acceptor.Discarded);
    }

    [Fact] // RFC 5321 §4.5.3.2.5, departure: no message is received for hours, however steadily it comes
    public async Task Content_SlowAndSteadyForMoreThanAnHour_Is421()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        var portion = string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 60));
        for (var round = 0; round < 30; round++)
        {
            await server.SendAsync(portion);
            await server.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(round == 29 ? 2 : 3), TestContext.Current.CancellationToken);
            server.Clock.Advance(2 * Minute);
        }

        await server.RunOutOfTimeAsync(Minute);
        Assert.EndsWith(
            "421 4.4.2 mx.test the message comes too slowly, closing\r\n", await server.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact] // a slow link is not a hostile one: fifty minutes for a message are taken where its octets come
    public async Task Content_SlowAndSteady_IsTaken()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        var portion = string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 60));
        for (var round = 0; round < 25; round++)
        {
            await server.SendAsync(portion);
            await server.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
            server.Clock.Advance(2 * Minute);
        }

        Assert.StartsWith("250", await server.AskAsync("."), StringComparison.Ordinal);
        Assert.Equal(25 * 60_000, Assert.Single(server.Acceptor.Messages).Content.Length);
    }
}
