using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Smtp.Client;
using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>
/// What a remote party on the path can put between server and client before TLS, and must never be taken for the server's word
/// inside it (RFC 3207 §4.2, §6; the CVE-2011-0411 family, and NO STARTTLS of 2021).
/// </summary>
public sealed class StartTlsInjectionTests : IDisposable
{
    private readonly LabCertificateAuthority _authority = new();
    private readonly LabCertificate _certificate;

    public StartTlsInjectionTests() => _certificate = _authority.Issue("mx.lab.test");

    [Theory] // HARD-08: octets behind the 220, in whatever form
    [InlineData("220 2.0.0 Go on again\r\n")] // a second 220
    [InlineData("250-mx.lab.test\r\n250-AUTH PLAIN\r\n250 SIZE\r\n")] // the reply to the EHLO inside TLS
    [InlineData("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go on\r\n250 2.0.0 Taken\r\n")] // a whole transaction
    [InlineData("250")] // half a reply, to be completed by the server's own first octets
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("\0")]
    [InlineData("421 4.3.2 closing\r\n")]
    public async Task StartTls_OctetsBehindIts220_NeverReachTheSessionInTls(string injected)
    {
        await using var mx = LabMx.Start(new MxBehavior { Certificate = _certificate, InjectedAfterStartTls = injected });
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal(SessionFaultKind.PlaintextInjected, step.Fault!.Kind);
        Assert.Null(session.Tls);
        await mx.Connections[0].Ended.WaitAsync(Cancellation);
        Assert.Equal(["EHLO relay.lab.test", "STARTTLS"], mx.Connections[0].Lines);
    }

    [Theory] // RFC 5321 §4.2: replies ahead of their commands end the session before STARTTLS is even said
    [InlineData("220 mx.lab.test\r\n250-mx.lab.test\r\n250 STARTTLS\r\n", SmtpStage.Hello)] // as if greeted and known already
    [InlineData("220 mx.lab.test\r\n220 2.0.0 Go on\r\n", SmtpStage.Hello)]
    public async Task Greeting_WithMoreBehindIt_EndsTheSession(string greeting, SmtpStage stage)
    {
        await using var mx = LabMx.Start(new MxBehavior { Certificate = _certificate }.At(MxRule.Connect, MxAction.Raw(greeting)));
        await using var session = await ConnectAsync(mx.EndPoint);

        var step = await session.OpenAsync(Cancellation);

        Assert.Equal((SessionFaultKind.ProtocolViolation, stage), (step.Fault!.Kind, step.Stage));
        Assert.DoesNotContain(mx.Commands, command => command.Verb is "STARTTLS" or "MAIL");
    }

    [Theory] // the same behind EHLO's reply: the 220 to STARTTLS, or all up to the message, sent in advance
    [InlineData("220 2.0.0 Go on\r\n")]
    [InlineData("220 2.0.0 Go on\r\n250 mx.lab.test\r\n250 2.1.0 Ok\r\n")]
    [InlineData("250 2.1.0 Ok\r\n")]
    public async Task EhloReply_WithMoreBehindIt_EndsTheSessionBeforeStartTls(string more)
    {
        var reply = "250-mx.lab.test\r\n250 STARTTLS\r\n" + more;
        await using var mx = LabMx.Start(new MxBehavior { Certificate = _certificate }.At("EHLO", MxAction.Raw(reply)));
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal(SessionFaultKind.ProtocolViolation, step.Fault!.Kind);
        Assert.Null(session.Tls);
        Assert.DoesNotContain(mx.Commands, command => command.Verb is "STARTTLS" or "MAIL");
    }

    [Theory] // RFC 5321 §2.3.8, §4.2: replies that are none
    [InlineData("220 go\n")]
    [InlineData("220 go\r250 mx\r\n")]
    [InlineData("220-go\r\n250 on\r\n")]
    [InlineData("22 go\r\n")]
    [InlineData("354 go\r\n")]
    public async Task StartTls_AnsweredOutsideTheGrammar_EndsTheSession(string reply)
    {
        await using var mx = LabMx.Start(new MxBehavior { Certificate = _certificate }.At("STARTTLS", MxAction.Raw(reply)));
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal(SessionFaultKind.ProtocolViolation, step.Fault!.Kind);
        Assert.Null(session.Tls);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
    }
}
