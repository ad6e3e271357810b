using Relay.Lab.Mx;
using Relay.Smtp.Client;
using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>Greeting, EHLO and HELO.</summary>
public sealed class HelloTests
{
    public static TheoryData<MxChunking> Chunkings => [MxChunking.Whole, MxChunking.PerLine, MxChunking.PerOctet];

    [Theory] // SMTP-24, RFC 5321 §4.2.1: read to the last line, however it is cut
    [MemberData(nameof(Chunkings))]
    public async Task Ehlo_RepliedInAnyChunking_GivesAllCapabilities(MxChunking chunking)
    {
        await using var mx = LabMx.Start(new MxBehavior
        {
            Chunking = chunking,
            HostName = "mx7.lab.test",
            Extensions = ["pipelining", "Size 1000", "8BITMIME", "SMTPUTF8 x", "DSN", "ENHANCEDSTATUSCODES", "CHUNKING", "XSTARTTLS", "VRFY"],
        });
        await using var session = await OpenAsync(mx.EndPoint);

        Assert.Equal(
            new ServerCapabilities
            {
                Pipelining = true,
                EightBitMime = true,
                SmtpUtf8 = true,
                Dsn = true,
                Chunking = true,
                EnhancedStatusCodes = true,
                Size = true,
                MaxSize = 1000,
            },
            session.Capabilities);
        Assert.Equal("mx7.lab.test", session.PeerHelloName);
        Assert.Equal(["EHLO relay.lab.test"], mx.Connections[0].Lines); // SMTP-20
    }

    [Theory] // RFC 1870 §4: 0 and nothing name no limit
    [InlineData("SIZE", null)]
    [InlineData("SIZE 0", null)]
    [InlineData("SIZE 52428800", 52428800L)]
    [InlineData("SIZE 99999999999999999999", null)]
    [InlineData("SIZE -1", null)]
    public async Task Size_AsOffered_NamesALimitOrNone(string keyword, long? expected)
    {
        await using var mx = LabMx.Start(new MxBehavior { Extensions = [keyword] });
        await using var session = await OpenAsync(mx.EndPoint);

        Assert.True(session.Capabilities.Size);
        Assert.Equal(expected, session.Capabilities.MaxSize);
    }

    [Theory] // SMTP-21, SMTP-22, RFC 5321 §3.2
    [InlineData("500 5.5.1 what?")]
    [InlineData("502 5.5.1 not here")]
    [InlineData("550 no")]
    public async Task Ehlo_Refused_IsFollowedByHeloWithoutExtensions(string refusal)
    {
        await using var mx = LabMx.Start(new MxBehavior().At("EHLO", MxAction.Reply(refusal)));
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message("a@lab.test"), Cancellation);

        Assert.Equal([250], Codes(result));
        Assert.Same(ServerCapabilities.None, session.Capabilities);
        Assert.Equal("mx.lab.test", session.PeerHelloName);
        Assert.Equal(
            ["EHLO relay.lab.test", "HELO relay.lab.test", "MAIL FROM:<app@corp.test>", "RCPT TO:<a@lab.test>", "DATA"],
            mx.Connections[0].Lines);
    }

    [Theory] // RFC 5321 §3.2: 4yz means "not now", not "not known"
    [InlineData("450 later")]
    [InlineData("421 4.3.2 closing")]
    public async Task Ehlo_DeferredOrClosing_IsNotFollowedByHelo(string refusal)
    {
        await using var mx = LabMx.Start(new MxBehavior().At("EHLO", MxAction.Reply(refusal)));
        await using var session = await ConnectAsync(mx.EndPoint);

        var opened = await session.OpenAsync(Cancellation);
        await session.QuitAsync(Cancellation);

        Assert.False(opened.Succeeded);
        Assert.Equal(refusal, opened.Reply?.ToString());
        Assert.Equal(SmtpStage.Hello, opened.Stage);
        Assert.DoesNotContain(mx.Commands, c => c.Verb == "HELO");
        Assert.Equal(refusal.StartsWith("421", StringComparison.Ordinal), opened.Fault is not null);
    }

    [Fact] // RFC 5321 §3.1: after 554 only QUIT
    public async Task Greeting_Refusing_StopsTheSession()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Connect, MxAction.Reply("554 5.7.1 no mail here")));
        await using var session = await ConnectAsync(mx.EndPoint);

        var opened = await session.OpenAsync(Cancellation);
        await session.QuitAsync(Cancellation);

        Assert.Equal((554, SmtpStage.Greeting, null), (opened.Reply!.Code, opened.Stage, opened.Fault));
        await mx.WaitForCommandsAsync("QUIT", 1, Cancellation);
        Assert.Equal(["QUIT"], mx.Connections[0].Lines);
    }

    [Theory] // RFC 5321 §4.2: what is no reply ends the session
    [InlineData("HTTP/1.1 400 Bad Request\r\n", SessionFaultKind.ProtocolViolation)]
    [InlineData("220 mx\n", SessionFaultKind.ProtocolViolation)]
    [InlineData("220-mx\r\n250 mx\r\n", SessionFaultKind.ProtocolViolation)]
    [InlineData("354 mx\r\n", SessionFaultKind.ProtocolViolation)]
    [InlineData("220 a\r\n250 b\r\n", SessionFaultKind.ProtocolViolation)]
    public async Task Greeting_OutsideTheProtocol_BreaksTheSession(string octets, SessionFaultKind expected)
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Connect, MxAction.Raw(octets)));
        await using var session = await ConnectAsync(mx.EndPoint);

        var opened = await session.OpenAsync(Cancellation);

        Assert.Equal(expected, opened.Fault?.Kind);
        Assert.Equal(opened.Fault, session.Fault);
        await mx.Connections[0].Ended.WaitAsync(Cancellation); // the connection was closed
        Assert.Empty(mx.Commands);
    }

    [Fact] // SMTP-34, RFC 5321 §3.8
    public async Task Greeting_NeverComing_IsALostConnection()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Connect, MxAction.Close));
        await using var session = await ConnectAsync(mx.EndPoint);

        var opened = await session.OpenAsync(Cancellation);

        Assert.Equal((null, SmtpStage.Greeting), (opened.Reply, opened.Stage));
        Assert.Equal(SessionFaultKind.ConnectionLost, opened.Fault?.Kind);
    }

    [Fact]
    public async Task Open_CancelledByTheCaller_Throws()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Connect, MxAction.Stall));
        await using var session = await ConnectAsync(mx.EndPoint);
        using var caller = new CancellationTokenSource();

        var opening = session.OpenAsync(caller.Token);
        await mx.WaitForStallsAsync(1, Cancellation);
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }
}
