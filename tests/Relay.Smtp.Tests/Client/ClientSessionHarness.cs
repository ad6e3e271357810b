using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Relay.Mail;
using Relay.Smtp.Client;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Tests.Client;

/// <summary>Opens client sessions to the lab's hosts, and makes what they send.</summary>
internal static class ClientSessionHarness
{
    public const string Text = "Subject: a test\r\n\r\nHello.\r\n";

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static SslClientAuthenticationOptions AnyCertificate { get; } = OptionsFor("mx.lab.test");

    public static async Task<SmtpClientSession> ConnectAsync(
        IPEndPoint endPoint, TimeProvider? clock = null, SmtpTimeouts? timeouts = null)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint, Cancellation);
        return new SmtpClientSession(
            new NetworkStream(socket, ownsSocket: true), "relay.lab.test", timeouts ?? new SmtpTimeouts(), clock ?? TimeProvider.System);
    }

    public static async Task<SmtpClientSession> OpenAsync(
        IPEndPoint endPoint, TimeProvider? clock = null, SmtpTimeouts? timeouts = null)
    {
        var session = await ConnectAsync(endPoint, clock, timeouts);
        var opened = await session.OpenAsync(Cancellation);
        Assert.True(opened.Succeeded, $"{opened.Reply} {opened.Fault}");
        return session;
    }

    public static async Task<SmtpClientSession> OpenTlsAsync(IPEndPoint endPoint)
    {
        var session = await OpenAsync(endPoint);
        var step = await session.StartTlsAsync(AnyCertificate, Cancellation);
        Assert.True(step.Succeeded, $"{step.Reply} {step.Fault}");
        return session;
    }

    public static SslClientAuthenticationOptions OptionsFor(string serverName) => new()
    {
        TargetHost = serverName,
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    public static Mailbox Box(string address) => address.LastIndexOf('@') is var at and >= 0
        ? new Mailbox(address[..at], address[(at + 1)..])
        : new Mailbox(address, string.Empty);

    public static OutgoingTransaction Message(params string[] recipients) => Message(new BytesContent(Text), recipients);

    public static OutgoingTransaction Message(MessageContent content, params string[] recipients) => new(
        new MailFrom(new ReversePath(Box("app@corp.test"))), [.. recipients.Select(r => new RcptTo(Box(r)))], content);

    public static int[] Codes(TransactionResult result) => [.. result.Recipients.Select(r => r.Reply?.Code ?? 0)];

    public static SmtpStage[] Stages(TransactionResult result) => [.. result.Recipients.Select(r => r.Stage)];
}
