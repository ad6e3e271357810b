using System.Security.Authentication;
using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Smtp.Client;
using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>STARTTLS: what is forgotten, what aborts, what a failure is called.</summary>
public sealed class StartTlsTests : IDisposable
{
    private readonly LabCertificateAuthority _authority = new();
    private readonly LabCertificate _certificate;

    public StartTlsTests() => _certificate = _authority.Issue("mx.lab.test");

    private MxBehavior WithTls => new() { Certificate = _certificate };

    [Theory] // TLS-01, TLS-02, TLS-03, TLS-04, RFC 3207 §4.2
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Capabilities_AfterStartTls_AreThoseOfTheNewEhloOnly(SslProtocols version)
    {
        await using var mx = LabMx.Start(WithTls with
        {
            Protocols = version,
            Extensions = ["SIZE 1000", "DSN"],
            ExtensionsInTls = ["8BITMIME"],
        });
        await using var session = await OpenTlsAsync(mx.EndPoint);

        Assert.Equal(new ServerCapabilities { EightBitMime = true }, session.Capabilities);
        Assert.Equal(version, session.Tls!.SslProtocol);
        await session.SendAsync(Message("a@lab.test"), Cancellation);
        Assert.Equal(
            ["EHLO relay.lab.test", "STARTTLS", "EHLO relay.lab.test", "MAIL FROM:<app@corp.test>", "RCPT TO:<a@lab.test>", "DATA"],
            mx.Connections[0].Lines);
        Assert.Equal(0, mx.Connections[0].OctetsBehindStartTls);
    }

    [Fact] // TLS-05, RFC 3207 §4.2
    public async Task StartTls_InsideTls_IsAFaultOfTheCaller()
    {
        await using var mx = LabMx.Start(WithTls);
        await using var session = await OpenTlsAsync(mx.EndPoint);

        await Assert.ThrowsAsync<InvalidOperationException>(() => session.StartTlsAsync(AnyCertificate, Cancellation));
        Assert.False(session.Capabilities.StartTls);
    }

    [Theory] // RFC 3207 §4: the owner decides what a refusal means
    [InlineData("454 4.7.0 not now")]
    [InlineData("501 5.5.4 no")]
    public async Task StartTls_Refused_LeavesTheSessionInClear(string refusal)
    {
        await using var mx = LabMx.Start(WithTls.At("STARTTLS", MxAction.Reply(refusal)));
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal((refusal, SmtpStage.StartTls, null), (step.Reply?.ToString(), step.Stage, step.Fault));
        Assert.Null(session.Tls);
        var result = await session.SendAsync(Message("a@lab.test"), Cancellation);
        Assert.Equal([250], Codes(result));
    }

    [Theory] // HARD-08, TLS-06, RFC 3207 §4.2, §6
    [InlineData("250-mx.lab.test\r\n250 SIZE\r\n")]
    [InlineData("x")]
    public async Task StartTls_WithOctetsBehindIts220_IsAborted(string injected)
    {
        await using var mx = LabMx.Start(WithTls with { InjectedAfterStartTls = injected });
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal((SessionFaultKind.PlaintextInjected, "data-before-tls-handshake"), (step.Fault!.Kind, step.Fault.Reason));
        await mx.Connections[0].Ended.WaitAsync(Cancellation);
        Assert.Equal(["EHLO relay.lab.test", "STARTTLS"], mx.Connections[0].Lines);
        Assert.Null(mx.Connections[0].ServerName);
    }

    [Theory] // TLS-06, RFC 3207 §4: the connection closes, nothing more goes out in clear
    [InlineData(MxHandshake.Garbage, "tls-handshake-failure")]
    [InlineData(MxHandshake.CloseInstead, "connection-closed-during-handshake")]
    [InlineData(MxHandshake.CloseAfter, "connection-closed-after-handshake")]
    public async Task Handshake_ThatFails_ClosesTheConnection(MxHandshake handshake, string reason)
    {
        await using var mx = LabMx.Start(WithTls with { Handshake = handshake });
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal((SessionFaultKind.HandshakeFailed, SmtpStage.Handshake), (step.Fault!.Kind, step.Fault.Stage));
        Assert.Equal(reason, step.Fault.Reason);
        Assert.Equal(step.Fault, session.Fault);
        await mx.Connections[0].Ended.WaitAsync(Cancellation);
        Assert.DoesNotContain(mx.Commands.Skip(2), c => !c.IsTls);
    }

    [Fact] // with TLS 1.2 both sides know of the handshake's end: a loss behind it is an ordinary one
    public async Task Connection_LostRightAfterATls12Handshake_IsLostAndNoFailedHandshake()
    {
        await using var mx = LabMx.Start(WithTls with { Handshake = MxHandshake.CloseAfter, Protocols = SslProtocols.Tls12 });
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);

        Assert.Equal((SessionFaultKind.ConnectionLost, SmtpStage.Hello), (step.Fault!.Kind, step.Stage));
    }

    [Fact] // RFC 8460 §4.3: the alert is named
    public async Task Handshake_WithoutCommonVersion_NamesTheAlert()
    {
        await using var mx = LabMx.Start(WithTls with { Protocols = SslProtocols.Tls13 });
        await using var session = await OpenAsync(mx.EndPoint);
        var options = OptionsFor("mx.lab.test");
        options.EnabledSslProtocols = SslProtocols.Tls12;

        var step = await session.StartTlsAsync(options, Cancellation);

        Assert.Equal("tls-alert-protocol-version", step.Fault!.Reason);
    }

    [Theory] // TLS-17, RFC 6066 §3
    [InlineData("mx.lab.test", "mx.lab.test")]
    [InlineData("127.0.0.1", "")]
    [InlineData("::1", "")]
    public async Task ServerName_InTheClientHello_IsANameOrNothing(string target, string expected)
    {
        await using var mx = LabMx.Start(WithTls);
        await using var session = await OpenAsync(mx.EndPoint);

        var step = await session.StartTlsAsync(OptionsFor(target), Cancellation);

        Assert.True(step.Succeeded);
        Assert.Equal(expected, mx.Connections[0].ServerName);
    }

    [Fact] // TLS-17, RFC 6066 §3: the platform would send the dot
    public async Task ServerName_WithTrailingDot_IsAFaultOfTheCaller()
    {
        await using var mx = LabMx.Start(WithTls);
        await using var session = await OpenAsync(mx.EndPoint);

        await Assert.ThrowsAsync<ArgumentException>(() => session.StartTlsAsync(OptionsFor("mx.lab.test."), Cancellation));
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
    }
}
