using System.Text;

namespace Relay.Smtp.Tests.Server;

/// <summary>Clients that do not speak SMTP, and are made to say things to an SMTP server.</summary>
public sealed class ForeignProtocolTests
{
    private const string Commands =
        "EHLO x.test\r\nMAIL FROM:<ceo@corp.test>\r\nRCPT TO:<ann@d.test>\r\nDATA\r\nSubject: x\r\n\r\nforged\r\n.\r\nQUIT\r\n";

    private const string Fields =
        "Host: 127.0.0.1:2525\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nContent-Type: text/plain\r\nContent-Length: 120\r\n\r\n";

    public static TheoryData<string, string> Requests => new()
    {
        { "POST / HTTP/1.1\r\n" + Fields, "http" },
        { "POST / HTTP/1.1\n" + Fields.Replace("\r\n", "\n", StringComparison.Ordinal) + "\r\n", "http" },
        { "GET /%0D%0A HTTP/1.0\r\n\r\n", "http" },
        { "GET /0.9\r\n", "http" },
        { "GET /" + new string('a', 3000) + " HTTP/1.1\r\n" + Fields, "http" },
        { "CONNECT relay.test:25 HTTP/1.1\r\n\r\n", "http" },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http" },
        { "EHLO / HTTP/1.1\r\n" + Fields, "http" },
        { "QUERY / HTTP/1.1\r\n" + Fields, "http" },
        { Fields, "unknown" },
        { "\r\n", "unknown" },
        { " EHLO x.test\r\n", "unknown" },
        { "*1\r\n$4\r\nPING\r\n", "unknown" }, // Redis
        { "SSH-2.0-client\r\n", "unknown" },
        { "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n", "unknown" },
        { "LHLO x.test\r\n", "unknown" },
        { "USER x\r\n", "unknown" },
        { "a" + new string('a', 3000) + "\r\n", "unknown" },
        { "EHLO x.test\nMAIL FROM:<a@b.test>\n\r\n", "unknown" },
        { "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003", "tls" },
    };

    [Theory] // HARD-10: before the greeting, behind it, in one piece or octet by octet, none of it becomes mail
    [MemberData(nameof(Requests))]
    public async Task Request_AtAnyTimeAndInAnyPieces_IsNeverMail(string request, string protocol)
    {
        var octets = Encoding.Latin1.GetBytes(request + Commands);
        foreach (var (isEarly, size) in new[] { (true, octets.Length), (false, octets.Length), (false, 1), (false, 7) })
        {
            await using var server = new ServerUnderTest();
            if (isEarly)
            {
                await server.LaunchAfterAsync(octets);
            }
            else
            {
                await server.StartAsync();
                foreach (var piece in octets.Chunk(size))
                {
                    await server.SendAsync(piece);
                }
            }

            Assert.StartsWith("554 5.5.1 ", await server.ReadToEndAsync(), StringComparison.Ordinal);
            await server.Session;
            Assert.Equal(0, server.Acceptor.Begun);
            if (server.Log.Named("foreign-protocol").SingleOrDefault() is { } line)
            {
                Assert.True(Equals(protocol, line.Fields["Protocol"]) || request.Length > 3000, $"{line.Fields["Protocol"]} {isEarly} {size}");
            }
            else
            {
                // What might have been SMTP, but for its haste.
                Assert.True(isEarly);
                Assert.Equal("greeting", Assert.Single(server.Log.Named("early-talker")).Fields["Before"]);
            }
        }
    }

    [Fact] // a ClientHello has no line end, and its sender waits
    public async Task ClientHello_OnAPlainPort_IsNotWaitedToTheEndOf()
    {
        await using var server = await new ServerUnderTest().StartAsync();
        await server.SendAsync("\u0016\u0003");
        Assert.Equal("554 5.5.1 This is not SMTP, closing\r\n", await server.ReadToEndAsync());
        Assert.Equal("tls", Assert.Single(server.Log.Named("foreign-protocol")).Fields["Protocol"]);
    }

    [Theory] // inside TLS, where a browser gets with https, and in the middle of a session
    [InlineData("GET / HTTP/1.1")]
    [InlineData("Host: relay.test")]
    public async Task Request_InsideTlsAndBehindHello_EndsTheSession(string line)
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        await server.SecureAsync();
        await server.AskAsync("EHLO client.test");
        await server.BeginAsync();
        await server.SendAsync($"{line}\r\nDATA\r\n");
        Assert.StartsWith("554 5.5.1 ", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
        Assert.Equal(0, server.Acceptor.Begun);
    }

    [Theory] // RFC 5321 §4.2.4, §4.1.1: who mistypes once EHLO is said goes on; and so does a content that looks like HTTP
    [InlineData("")]
    [InlineData("XYZZY")]
    [InlineData("7")]
    public async Task UnknownCommand_BehindHello_IsAnsweredOnly(string line)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.Equal("500 5.5.1 Command not recognized", await server.AskAsync(line));
        await server.BeginDataAsync();
        Assert.StartsWith("250 ", await server.AskAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n."), StringComparison.Ordinal);
        Assert.Single(server.Acceptor.Messages);
    }
}
