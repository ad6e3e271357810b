using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Relay.Lab.Certificates;
using Relay.Lab.Mx;

namespace Relay.Smtp.Tests.Lab;

/// <summary>The lab's MX host records what it is sent, and behaves as it is told.</summary>
public sealed class LabMxTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Message_OverTls_IsRecordedWithItsWireForm()
    {
        using var authority = new LabCertificateAuthority();
        using var certificate = authority.Issue("mx.lab.test");
        await using var mx = LabMx.Start(new MxBehavior { Certificate = certificate });
        using var client = await ConnectAsync(mx);

        Assert.StartsWith("220 ", await TalkAsync(client.GetStream(), null), StringComparison.Ordinal);
        Assert.Contains("250 STARTTLS", await TalkAsync(client.GetStream(), "EHLO a.test\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("220 ", await TalkAsync(client.GetStream(), "STARTTLS\r\n"), StringComparison.Ordinal);
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mx.lab.test" }, Cancellation);
        Assert.DoesNotContain("STARTTLS", await TalkAsync(tls, "EHLO a.test\r\n"), StringComparison.Ordinal);
        await TalkAsync(tls, "MAIL FROM:<\"a>b\"@a.test> SIZE=3\r\n");
        await TalkAsync(tls, "RCPT TO:<c@d.test>\r\n");
        Assert.StartsWith("354 ", await TalkAsync(tls, "DATA\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await TalkAsync(tls, "..\r\nb\r\n.\r\n"), StringComparison.Ordinal);

        var message = Assert.Single(await mx.WaitForMessagesAsync(1, Cancellation));
        Assert.Equal("\"a>b\"@a.test", message.ReversePath);
        Assert.Equal(["c@d.test"], message.Recipients);
        Assert.Equal(".\r\nb\r\n", message.Text);
        Assert.Equal("..\r\nb\r\n.\r\n", Encoding.Latin1.GetString(message.Wire.Span));
        Assert.True(message.IsTls);
        Assert.Equal("mx.lab.test", message.Connection.ServerName);
    }

    [Fact]
    public async Task Rules_WithTextTimesAndStall_ApplyWhereTheySay()
    {
        await using var mx = LabMx.Start(new MxBehavior()
            .At(new MxRule("NOOP", MxAction.Reply("450-first", "450 only")) { Times = 1 })
            .At("VRFY", "bob", MxAction.StallThenReply("252 perhaps"))
            .At("QUIT", MxAction.Close));
        var stream = (await ConnectAsync(mx)).GetStream();

        await TalkAsync(stream, null);
        Assert.Equal("450-first\r\n450 only\r\n", await TalkAsync(stream, "NOOP\r\n"));
        Assert.Equal("250 2.0.0 Ok\r\n", await TalkAsync(stream, "NOOP\r\n"));
        var stalled = TalkAsync(stream, "VRFY bob\r\n");
        await mx.WaitForStallsAsync(1, Cancellation);
        Assert.False(stalled.IsCompleted);
        mx.Release();
        Assert.Equal("252 perhaps\r\n", await stalled);
        Assert.Equal(string.Empty, await TalkAsync(stream, "QUIT\r\n"));
        Assert.Equal(["NOOP", "NOOP", "VRFY bob", "QUIT"], Assert.Single(mx.Connections).Lines);
    }

    [Fact]
    public async Task Dialogue_WhenTheClientDeparts_Fails()
    {
        await using var mx = LoopbackMx.Play("S: 220 mx.test", "C: EHLO relay.test", "S: 250 mx.test");
        using var client = new TcpClient();
        await client.ConnectAsync(mx.EndPoint, Cancellation);

        await client.GetStream().WriteAsync("HELO relay.test\r\n"u8.ToArray(), Cancellation);

        await Assert.ThrowsAsync<InvalidDataException>(() => mx.Played);
    }

    private static async Task<TcpClient> ConnectAsync(LabMx mx)
    {
        var client = new TcpClient();
        await client.ConnectAsync(mx.EndPoint, Cancellation);
        return client;
    }

    private static async Task<string> TalkAsync(Stream stream, string? line)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(line ?? string.Empty), Cancellation);
        var buffer = new byte[4096];
        return Encoding.Latin1.GetString(buffer, 0, await stream.ReadAsync(buffer, Cancellation));
    }
}
