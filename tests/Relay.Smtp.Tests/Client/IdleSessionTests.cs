using System.Security.Authentication;
using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Smtp.Client;
using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>Sessions that wait in a pool.</summary>
public sealed class IdleSessionTests
{
    [Theory] // RFC 8446 §4.6.1: session tickets are no unasked-for replies
    [InlineData(SslProtocols.None)]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task IdleSession_BetweenMessages_StaysOpenAndServesOn(SslProtocols version)
    {
        using var authority = new LabCertificateAuthority();
        using var certificate = authority.Issue("mx.lab.test");
        await using var mx = LabMx.Start(new MxBehavior { Certificate = certificate, Protocols = version });
        await using var session = version == SslProtocols.None ? await OpenAsync(mx.EndPoint) : await OpenTlsAsync(mx.EndPoint);

        for (var i = 1; i <= 3; i++)
        {
            Assert.True(session.IsIdleAndOpen());
            Assert.True(session.IsIdleAndOpen());
            var result = await session.SendAsync(Message("a@lab.test"), Cancellation);
            Assert.Equal([250], Codes(result));
        }

        Assert.Equal(3, mx.Messages.Count);
        Assert.Single(mx.Connections);
    }

    [Theory] // RFC 5321 §3.8: the server may close at any time, with 421 or without a word
    [InlineData("")]
    [InlineData("421 4.4.2 idle for too long\r\n")]
    [InlineData("250 what was that\r\n")]
    public async Task IdleSession_ClosedByTheServer_IsSeenToBe(string lastWord)
    {
        await using var mx = LabMx.Start(new MxBehavior().At(
            MxRule.EndOfData, lastWord.Length == 0 ? MxAction.ReplyAndClose("250 Ok") : MxAction.Raw("250 Ok\r\n" + lastWord)));
        await using var session = await OpenAsync(mx.EndPoint);
        await session.SendAsync(Message("a@lab.test"), Cancellation);
        await (lastWord.Length == 0 ? mx.Connections[0].Ended : Task.CompletedTask);

        Assert.False(session.IsIdleAndOpen());
    }

    [Fact] // RFC 5321 §3.8: an unasked-for 421 answers for the command that was about to be sent
    public async Task Message_OnASessionThatGot421_IsAnsweredByIt()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(
            MxRule.EndOfData, MxAction.Raw("250 Ok\r\n421 4.4.2 idle for too long\r\n")));
        await using var session = await OpenAsync(mx.EndPoint);
        await session.SendAsync(Message("a@lab.test"), Cancellation);

        var result = await session.SendAsync(Message("b@lab.test"), Cancellation);

        Assert.Equal([421], Codes(result));
        Assert.NotNull(result.Fault);
        Assert.Single(mx.Commands, c => c.Verb == "MAIL");
    }

    [Fact] // RFC 5321 §4.2: a reply to nothing would be matched to a command that follows
    public async Task Message_OnASessionWithAnUnaskedReply_IsNotSent()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.EndOfData, MxAction.Raw("250 Ok\r\n250 Ok\r\n")));
        await using var session = await OpenAsync(mx.EndPoint);
        await session.SendAsync(Message("a@lab.test"), Cancellation);

        var result = await session.SendAsync(Message("b@lab.test"), Cancellation);

        Assert.Equal([0], Codes(result));
        Assert.Equal(SessionFaultKind.ProtocolViolation, result.Fault?.Kind);
        Assert.Single(mx.Commands, c => c.Verb == "MAIL");
    }

    [Fact]
    public async Task Dispose_WithAReadUnderWay_Completes()
    {
        await using var mx = LabMx.Start();
        var session = await OpenAsync(mx.EndPoint);
        Assert.True(session.IsIdleAndOpen());

        await session.DisposeAsync();

        await mx.Connections[0].Ended.WaitAsync(Cancellation);
    }
}
