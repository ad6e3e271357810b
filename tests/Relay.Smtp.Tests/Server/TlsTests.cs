using System.Net.Security;
using System.Security.Authentication;

namespace Relay.Smtp.Tests.Server;

public class TlsTests
{
    [Fact] // TLS-05, RFC 3207 §4.2
    public async Task StartTls_InsideTls_IsNeitherOfferedNorTaken()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.StartAsync();
        Assert.Contains("STARTTLS", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.Equal("220 2.0.0 Ready to start TLS", await server.AskAsync("STARTTLS"));
        await server.SecureAsync();
        Assert.DoesNotContain("STARTTLS", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.AskAsync("STARTTLS"), StringComparison.Ordinal);
    }

    [Fact] // SMTP-56, SMTP-57: what the trace field needs
    public async Task Message_InsideTls_CarriesVersionAndCipher()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        var tls = await server.SecureAsync();
        await server.AskAsync("EHLO inside.test");
        await server.AskAsync("MAIL FROM:<a@b.test>");
        await server.AskAsync("RCPT TO:<c@d.test>");
        await server.AskAsync("DATA");
        Assert.StartsWith("250 2.0.0", await server.AskAsync("x\r\n."), StringComparison.Ordinal);
        var message = Assert.Single(server.Acceptor.Messages);
        Assert.Equal(SslProtocols.Tls13, message.Session.TlsVersion);
        Assert.Equal(tls.NegotiatedCipherSuite, message.Session.CipherSuite);
        Assert.Equal("inside.test", message.Session.HelloName);
        Assert.StartsWith("221 2.0.0", await server.AskAsync("QUIT"), StringComparison.Ordinal);
        Assert.Equal(0, await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        await server.Session;
    }

    [Fact] // RFC 8314 §3.3
    public async Task ImplicitTls_Session_GreetsInsideTls()
    {
        await using var server = new ServerUnderTest { Options = ServerUnderTest.WithTls with { ImplicitTls = true } };
        server.Launch();
        await server.SecureAsync();
        Assert.Equal("220 mx.test ESMTP", await server.ReadLineAsync());
        Assert.DoesNotContain("STARTTLS", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
    }

    [Fact] // HARD-09, RFC 3207 §4.2
    public async Task StartTls_AfterMail_ForgetsTransactionAndHello()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("MAIL FROM:<a@b.test>");
        await server.AskAsync("RCPT TO:<c@d.test>");
        await server.AskAsync("STARTTLS");
        await server.SecureAsync();
        Assert.StartsWith("503 5.5.1", await server.AskAsync("RCPT TO:<c@d.test>"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.Equal("503 5.5.1 Say EHLO first", await server.AskAsync("MAIL FROM:<a@b.test>"));
    }

    [Fact] // HARD-07, RFC 3207 §4.2, CVE-2011-0411
    public async Task StartTls_WithCommandsInTheSamePacket_DropsTheSession()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        var asked = 0;
        server.Policy.Mail = _ => { asked++; return null; };
        await server.SendAsync("STARTTLS\r\nEHLO injected.test\r\nMAIL FROM:<a@b.test>\r\n");
        Assert.StartsWith("554 5.5.1", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
        Assert.Equal(0, asked);
    }

    [Theory] // HARD-07, RFC 3207 §4.2, RFC 2920 §3.1: whatever comes behind STARTTLS in clear, none of it is heard inside
    [InlineData("STARTTLS\r\n", "R")]
    [InlineData("STARTTLS\r\n", "\r\n")]
    [InlineData("STARTTLS\r\n", "\0")]
    [InlineData("STARTTLS\r\n", "STARTTLS\r\n")]
    [InlineData("STARTTLS\r\n", "RSET\r\nEHLO x.test\r\nMAIL FROM:<x@evil.test>\r\nRCPT TO:<y@d.test>\r\nDATA\r\n")]
    [InlineData("NOOP\r\nSTARTTLS\r\n", "AUTH PLAIN AGEAYg==\r\n")]
    [InlineData("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nSTARTTLS\r\n", "DATA\r\nx\r\n.\r\n")]
    [InlineData("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nSTARTTLS\r\n", "BDAT 1 LAST\r\nx")]
    public async Task StartTls_WithAnyOctetsBehindIt_DropsTheSession(string group, string injected)
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.SendAsync(group + injected);
        var replies = await server.ReadToEndAsync();
        Assert.DoesNotContain("220 ", replies, StringComparison.Ordinal);
        Assert.EndsWith("554 5.5.1 Commands came before they were due\r\n", replies, StringComparison.Ordinal);
        await server.Session;
        Assert.Equal("tls", Assert.Single(server.Log.Named("early-talker")).Fields["Before"]);
        Assert.Equal(0, server.Acceptor.Begun);
    }

    [Fact] // HARD-07
    public async Task StartTls_CommandsInClearAfter220_BreakTheHandshake()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        await server.SendAsync("EHLO injected.test\r\nMAIL FROM:<a@b.test>\r\nQUIT\r\n");
        Assert.DoesNotContain("250", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
    }

    [Fact] // TLS-13, RFC 3207 §4
    public async Task StartTls_WithParameter_Is501()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        Assert.StartsWith("501 5.5.4", await server.AskAsync("STARTTLS now"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", await server.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact] // RFC 3207 §4: 454 while TLS cannot be had
    public async Task StartTls_WithoutUsableCertificate_Is454()
    {
        var options = ServerUnderTest.WithTls with { Certificate = () => null };
        await using var server = await new ServerUnderTest { Options = options }.GreetAsync();
        Assert.StartsWith("454 4.7.0", await server.AskAsync("STARTTLS"), StringComparison.Ordinal);
    }

    [Fact] // RFC 3207 §4
    public async Task StartTls_NotConfigured_IsNotOffered()
    {
        await using var server = await new ServerUnderTest().StartAsync();
        Assert.DoesNotContain("STARTTLS", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("502 5.5.1", await server.AskAsync("STARTTLS"), StringComparison.Ordinal);
    }

#pragma warning disable SYSLIB0039, CA5397 // Old versions are what is tested.
    [Theory] // TLS-14, TLS-15, RFC 8996 §4, RFC 9325 §3.1.1
    [InlineData(SslProtocols.Tls, false)]
    [InlineData(SslProtocols.Tls11, false)]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, true)]
    public async Task Handshake_ByVersion_OnlyTls12And13Succeed(SslProtocols version, bool expected)
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "mx.test",
            EnabledSslProtocols = version,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        };
        var failure = await Record.ExceptionAsync(async () => await server.SecureAsync(options));
        Assert.Equal(expected, failure is null);
    }
#pragma warning restore SYSLIB0039, CA5397

    [Fact] // TLS-11, RFC 3207 §4
    public async Task RequireTls_InClear_Answers530ToAllButFour()
    {
        var options = ServerUnderTest.WithTls with { RequireTls = true };
        await using var server = await new ServerUnderTest { Options = options }.GreetAsync();
        foreach (var command in new[] { "MAIL FROM:<a@b.test>", "RCPT TO:<a@b.test>", "DATA", "RSET", "VRFY a", "HELP" })
        {
            Assert.StartsWith("530 5.7.0", await server.AskAsync(command), StringComparison.Ordinal);
        }

        Assert.StartsWith("530 5.7.0", await server.AskAsync("BDAT 4 LAST\r\nab"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("220", await server.AskAsync("STARTTLS"), StringComparison.Ordinal);
        await server.SecureAsync();
        await server.AskAsync("EHLO client.test");
        Assert.StartsWith("250", await server.AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
    }

    [Fact] // HARD-15: a handshake that never comes does not hold a session
    public async Task Handshake_ThatNeverComes_IsGivenUp()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        await server.RunOutOfTimeAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(string.Empty, await server.ReadToEndAsync());
        await server.Session;
    }

    [Fact] // SMTP-68, RFC 5321 §3.8, RFC 8446 §5.3: the goodbye of a server that stops can be read inside TLS too
    public async Task Stop_InsideTls_Gets421()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        await server.SecureAsync();
        await server.AskAsync("EHLO client.test");
        server.Stop();
        Assert.StartsWith("421 4.3.2", await server.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact] // SMTP-68: a 250 that cannot be read would have the client send the message once more
    public async Task Stop_InsideTlsAndWithinAMessage_TheMessageIsAnsweredFirst()
    {
        await using var server = await new ServerUnderTest { Options = ServerUnderTest.WithTls }.GreetAsync();
        await server.AskAsync("STARTTLS");
        await server.SecureAsync();
        await server.AskAsync("EHLO client.test");
        await server.BeginDataAsync();
        server.Stop();
        Assert.StartsWith("250 2.0.0", await server.AskAsync("x\r\n."), StringComparison.Ordinal);
        Assert.StartsWith("421 4.3.2", await server.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Single(server.Acceptor.Messages);
    }
}
