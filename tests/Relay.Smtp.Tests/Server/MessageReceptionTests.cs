using System.Globalization;
using System.Text;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

public class MessageReceptionTests
{
    private const string Injected = "MAIL FROM:<x@evil.test>\r\nRCPT TO:<y@d.test>\r\nDATA\r\nsmuggled\r\n";

    public enum Portions
    {
        Whole,
        Lines,
        Octets,
    }

    public static TheoryData<string, Portions> SmugglingCorpus
    {
        get
        {
            var data = new TheoryData<string, Portions>();
            foreach (var end in new[]
            {
                "\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n.\r\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n",
                "\r\0\n.\r\n", "\r\n.\r\0\n",
            })
            {
                data.Add(end, Portions.Whole);
                data.Add(end, Portions.Lines);
                data.Add(end, Portions.Octets);
            }

            return data;
        }
    }

    [Theory] // HARD-01, HARD-02, HARD-03, RFC 5321 §4.1.1.4
    [MemberData(nameof(SmugglingCorpus))]
    public async Task Data_SmugglingCorpus_IsOneMessageRefused(string end, Portions portions)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        await SendAsync(server, $"text{end}{Injected}.\r\n", portions);
        Assert.StartsWith("554 5.6.0", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Empty(server.Acceptor.Messages);
        Assert.Equal(1, server.Acceptor.Begun);
        Assert.Equal(1, server.Acceptor.Discarded);
    }

    [Theory] // HARD-03, RFC 3030 §2
    [MemberData(nameof(SmugglingCorpus))]
    public async Task Bdat_SmugglingCorpus_IsOneMessageRefused(string end, Portions portions)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        var octets = $"text{end}{Injected}";
        await SendAsync(server, $"BDAT {octets.Length} LAST\r\n{octets}NOOP\r\n", portions);
        var reply = await server.ReadReplyAsync();
        Assert.StartsWith("554 5.6.0", reply, StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Empty(server.Acceptor.Messages);
    }

    [Theory] // HARD-02, HARD-03, RFC 3030 §2: DATA and BDAT mixed, and counts that are not those of the octets, make no second message
    [InlineData("BDAT 6\r\ntext\r\nDATA\r\n.\r\nBDAT 0 LAST\r\n")]
    [InlineData("BDAT 6\r\ntext\r\nBDAT 3\r\n.\r\nBDAT 0 LAST\r\n")]
    [InlineData("BDAT 4\r\ntextBDAT 5 LAST\r\n\r\n.\r\n")]
    [InlineData("BDAT 7\r\ntext\r\n.BDAT 2 LAST\r\n\r\n")]
    [InlineData("DATA\r\ntext\r\nBDAT 5 LAST\r\n..\r\n.\r\n")]
    [InlineData("DATA\r\nBDAT 0 LAST\r\n.\r\nBDAT 0 LAST\r\n")]
    [InlineData("BDAT 0 LAST\r\n.\r\n")]
    public async Task DataAndBdat_Mixed_AreOneMessageAtMost(string octets)
    {
        foreach (var portions in new[] { Portions.Whole, Portions.Octets })
        {
            await using var server = await new ServerUnderTest().GreetAsync();
            await server.BeginAsync();
            await SendAsync(server, octets + "QUIT\r\n", portions);
            await server.ReadToEndAsync();
            await server.Session;
            Assert.InRange(server.Acceptor.Messages.Count, 0, 1);
            Assert.Equal(1, server.Acceptor.Begun);
        }
    }

    [Fact] // HARD-03: a CR and its LF may stand in two chunks, a CR alone at the end may not
    public async Task Bdat_CrLfAcrossChunks_IsALineEnd()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        Assert.StartsWith("250 2.0.0", await server.AskRawAsync("BDAT 2\r\na\r"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.AskRawAsync("BDAT 1 LAST\r\n\n"), StringComparison.Ordinal);
        Assert.Equal("a\r\n", Content(server));
        await server.BeginAsync();
        Assert.StartsWith("554 5.6.0", await server.AskRawAsync("BDAT 2 LAST\r\na\r"), StringComparison.Ordinal);
        await server.BeginAsync();
        await server.AskRawAsync("BDAT 2\r\na\r");
        Assert.StartsWith("554 5.6.0", await server.AskRawAsync("BDAT 2\r\n.\r"), StringComparison.Ordinal);
    }

    [Theory] // SMTP-32, HARD-05
    [InlineData(Portions.Whole)]
    [InlineData(Portions.Lines)]
    [InlineData(Portions.Octets)]
    public async Task Data_DotLines_AreUnstuffed(Portions portions)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        await SendAsync(server, "..\r\n...\r\n....\r\nx\r\n.\r\n", portions);
        Assert.StartsWith("250", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal(".\r\n..\r\n...\r\nx\r\n", Content(server));
    }

    [Theory] // EXT-08, RFC 3030 §2
    [InlineData("BDAT 10\r\nQUIT\r\nQUIT", "503 5.5.1")]
    [InlineData("BDAT 10 LAST\r\nQUIT\r\nQUIT", "503 5.5.1")]
    public async Task Bdat_WithoutMail_IsReadAndDropped(string octets, string reply)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.StartsWith(reply, await server.AskRawAsync(octets), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact] // EXT-08: octets that cannot be counted must not run as commands
    public async Task Bdat_WithoutASize_EndsTheSession()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        await server.SendAsync("BDAT ten LAST\r\nRSET\r\n");
        Assert.Equal("501 5.5.4 Bad BDAT, closing\r\n", await server.ReadToEndAsync());
    }

    [Fact] // EXT-08: chunks in the pipeline behind a failed one
    public async Task Bdat_AfterAFailedChunk_IsDroppedWith503()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        await server.SendAsync("BDAT 3\r\na\nbBDAT 6\r\nQUIT\r\nBDAT 0 LAST\r\nNOOP\r\n");
        Assert.StartsWith("554 5.6.0", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Empty(server.Acceptor.Messages);
    }

    [Fact] // RFC 3030 §2
    public async Task Bdat_SeveralChunks_MakeOneMessageWithItsLastCrLf()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        Assert.Equal("250 2.0.0 6 octets received", await server.AskRawAsync("BDAT 6\r\none\r\n."));
        Assert.StartsWith("503 5.5.1", await server.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.AskAsync("RCPT TO:<z@d.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.AskRawAsync("BDAT 5 LAST\r\n\r\ntwo"), StringComparison.Ordinal);
        Assert.Equal("one\r\n.\r\ntwo\r\n", Content(server)); // SMTP-33: the missing CRLF is added
        Assert.Equal(1, server.Acceptor.Begun);
    }

    [Fact] // SMTP-68, RFC 3030 §2: between chunks a message is in flight
    public async Task Bdat_InFlightAtShutdown_IsFinished()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        await server.AskRawAsync("BDAT 3\r\na\r\n");
        server.Stop();
        await server.SendAsync("BDAT 0 LAST\r\n");
        Assert.Matches("^250 2.0.0 .*\r\n421 4.3.2 .*\r\n$", await server.ReadToEndAsync());
        Assert.Single(server.Acceptor.Messages);
    }

    [Fact] // RFC 3030 §2
    public async Task Bdat_Reset_DiscardsTheChunks()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginAsync();
        await server.AskRawAsync("BDAT 3\r\na\r\n");
        Assert.StartsWith("250", await server.AskAsync("RSET"), StringComparison.Ordinal);
        Assert.Equal(1, server.Acceptor.Discarded);
        Assert.StartsWith("503", await server.AskAsync("BDAT 0 LAST"), StringComparison.Ordinal);
    }

    [Theory] // HARD-13, RFC 3030 §2
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807")]
    [InlineData("2001")]
    public async Task Bdat_AbsurdSize_Is552AndEndsTheSession(string size)
    {
        foreach (var begin in new[] { true, false })
        {
            await using var server = await Small().GreetAsync();
            if (begin)
            {
                await server.BeginAsync();
            }

            await server.SendAsync($"BDAT {size} LAST\r\n");
            Assert.StartsWith("552 5.3.4", await server.ReadToEndAsync(), StringComparison.Ordinal);
            await server.Session;
            Assert.Empty(server.Acceptor.Messages);
        }
    }

    [Fact] // HARD-13, EXT-08
    public async Task Bdat_AboveTheLimit_IsReadThen552()
    {
        await using var server = await Small().GreetAsync();
        await server.BeginAsync();
        Assert.StartsWith(
            "552 5.3.4", await server.AskRawAsync("BDAT 1001 LAST\r\n" + new string('\n', 1001)), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        await server.BeginAsync();
        Assert.StartsWith("250", await server.AskRawAsync("BDAT 998\r\n" + new string('x', 998)), StringComparison.Ordinal);
        Assert.StartsWith("552 5.3.4", await server.AskRawAsync("BDAT 3 LAST\r\nabc"), StringComparison.Ordinal);
        Assert.Empty(server.Acceptor.Messages);
    }

    [Fact] // EXT-19, RFC 1870 §6.2: dots and the end are not counted
    public async Task Data_AtTheLimit_IsTakenAndOneMoreIs552AtTheEnd()
    {
        await using var server = await Small().GreetAsync();
        await server.BeginDataAsync();
        await server.SendAsync(".." + new string('x', 997) + "\r\n.\r\n");
        Assert.StartsWith("250", await server.ReadReplyAsync(), StringComparison.Ordinal);
        await server.BeginDataAsync();
        await server.SendAsync("xxx\r\n" + new string('x', 994) + "\r\n.\r\n");
        Assert.StartsWith("552 5.3.4", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Single(server.Acceptor.Messages);
    }

    [Fact] // HARD-06
    public async Task Data_EndlessLine_IsNotReadForEver()
    {
        await using var server = await Small().GreetAsync();
        await server.BeginDataAsync();
        await server.SendAsync(new string('x', 3000));
        Assert.Matches("^55[24] ", await server.ReadToEndAsync());
        await server.Session;
        Assert.Empty(server.Acceptor.Messages);
    }

    [Fact] // SMTP-41, RFC 5322 §2.1.1
    public async Task Data_LineTooLong_Is554AfterTheEnd()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        await server.SendAsync($"{new string('x', 5000)}\r\n.\r\n");
        Assert.StartsWith("554 5.6.0", await server.ReadReplyAsync(), StringComparison.Ordinal);
        await server.BeginDataAsync();
        await server.SendAsync($"{new string('x', 998)}\r\n.\r\n");
        Assert.StartsWith("250", await server.ReadReplyAsync(), StringComparison.Ordinal);
    }

    [Fact] // RFC 6152 §3
    public async Task Data_EightBit_IsTakenAndSaid()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        await server.SendAsync("gr\u00FC\u00DFe\r\n.\r\n");
        Assert.StartsWith("250", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.True(Assert.Single(server.Acceptor.Messages).IsEightBit);
    }

    [Fact] // SMTP-61: the octets of a big message arrive as sent
    public async Task Data_BigMessage_ArrivesOctetForOctet()
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        await server.BeginDataAsync();
        var text = new StringBuilder();
        for (var line = 0; line < 50_000; line++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(line % 7 == 0 ? "." : "x")} line {line}\r\n");
        }

        var content = text.ToString();
        var stuffed = content.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        var sending = server.SendAsync($".{stuffed}.\r\n");
        Assert.StartsWith("250", await server.ReadReplyAsync(), StringComparison.Ordinal);
        await sending;
        Assert.Equal(content, Content(server));
    }

    [Fact] // HARD-11, HARD-13: any octets from a client end in replies or a closed session, never in an exception
    public async Task Session_RandomClients_NeverFail()
    {
        var random = new Random(3030);
        string[] parts =
        [
            "EHLO a.test\r\n", "MAIL FROM:<a@b.test>\r\n", "RCPT TO:<c@d.test>\r\n", "DATA\r\n", ".\r\n", "text\r\n", "\r", "\n",
            "BDAT 5\r\nabcde", "BDAT 3 LAST\r\n", "BDAT 7777777777777777777777\r\n", "BDAT x\r\n", "RSET\r\n", "\0", "\u00E9", "NOOP\r\n", "..",
            "STARTTLS\r\n", "HELO x\r\n", "QUIT", "AUTH", " ", "<", ">",
        ];
        for (var round = 0; round < 500; round++)
        {
            await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.StartAsync();
            var octets = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => parts[random.Next(parts.Length)]));
            await server.SendAsync(octets);
            await server.CloseAsync();
            Assert.DoesNotContain("421 4.3.0", await server.ReadToEndAsync(), StringComparison.Ordinal);
            await server.Session;
            Assert.Equal(server.Acceptor.Begun, server.Acceptor.Messages.Count + server.Acceptor.Discarded);
        }
    }

    private static ServerUnderTest Small() =>
        new() { Options = new SmtpServerOptions { HostName = "mx.test", MaxMessageBytes = 1000 } };

    private static string Content(ServerUnderTest server) =>
        Encoding.ASCII.GetString(Assert.Single(server.Acceptor.Messages).Content);

    private static async Task SendAsync(ServerUnderTest server, string text, Portions portions)
    {
        var parts = portions switch
        {
            Portions.Whole => new[] { text }.AsEnumerable(),
            Portions.Lines => text.Split('\n').Select(line => line + "\n").SkipLast(1),
            _ => text.Select(octet => octet.ToString()),
        };
        foreach (var part in parts)
        {
            await server.SendAsync(part);
        }
    }
}
