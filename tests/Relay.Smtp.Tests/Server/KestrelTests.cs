using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

/// <summary>The session as the program carries it: a Kestrel connection over a real socket.</summary>
public sealed class KestrelTests : IAsyncLifetime
{
    private const string OpenSsl = "/usr/bin/openssl";

    private readonly RecordingAcceptor _acceptor = new();
    private readonly TaskCompletionSource _ended = new();
    private WebApplication? _host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Run(connection => ServeAsync(connection, isImplicit: false)));
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Run(connection => ServeAsync(connection, isImplicit: true)));
        });
        _host = builder.Build();
        await _host.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync() => await _host!.DisposeAsync();

    [Fact] // TLS-05, SMTP-33: the whole way over a socket, clear and then TLS
    public async Task Session_OverASocketWithStartTls_TakesAMessage()
    {
        using var client = await ConnectAsync();
        await using var clear = client.GetStream();
        await ExpectAsync(clear, string.Empty, "220 ");
        await ExpectAsync(clear, "EHLO client.test\r\n", "250 STARTTLS");
        await ExpectAsync(clear, "STARTTLS\r\n", "220 ");
        await using var tls = new SslStream(clear, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "mx.test",
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            Cancel);
        await ExpectAsync(tls, "EHLO client.test\r\n", "250 HELP");
        var content = string.Concat(Enumerable.Repeat("0123456789012345678901234567890123456789\r\n", 20_000));
        await ExpectAsync(tls, "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", "354 ");
        await ExpectAsync(tls, content + ".\r\n", "250 ");
        await ExpectAsync(tls, "QUIT\r\n", "221 ");
        Assert.Equal(0, await tls.ReadAsync(new byte[1], Cancel));
        await _ended.Task;
        Assert.Equal(content, Encoding.ASCII.GetString(Assert.Single(_acceptor.Messages).Content));
    }

    [Fact] // RFC 5321 §4.1.1.4: a reset in mid-message discards it
    public async Task Session_ResetInMidMessage_DiscardsIt()
    {
        using (var client = await ConnectAsync())
        {
            await using var stream = client.GetStream();
            await ExpectAsync(stream, string.Empty, "220 ");
            await ExpectAsync(stream, "EHLO c.test\r\n", "250 STARTTLS");
            await ExpectAsync(stream, "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", "354 ");
            await stream.WriteAsync("half\r\n"u8.ToArray(), Cancel);
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            client.Client.Close();
        }

        await _ended.Task;
        Assert.Empty(_acceptor.Messages);
        Assert.Equal(1, _acceptor.Discarded);
    }

    [Fact] // RFC 2920 §3.2: a client that half-closes behind its pipeline still gets its replies
    public async Task Session_HalfClosedBehindAPipeline_IsAnsweredToTheEnd()
    {
        using var client = await ConnectAsync();
        await using var stream = client.GetStream();
        await ExpectAsync(stream, string.Empty, "220 ");
        await ExpectAsync(stream, "EHLO c.test\r\n", "250 STARTTLS");
        await ExpectAsync(stream, "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", "354 ");
        await stream.WriteAsync("text\r\n.\r\nNOOP\r\nQUIT\r\n"u8.ToArray(), Cancel);
        client.Client.Shutdown(SocketShutdown.Send);
        await ExpectAsync(stream, string.Empty, "221 ");
        await _ended.Task;
        Assert.Single(_acceptor.Messages);
    }

    [Theory] // RFC 9325 §3.5: a renegotiation, which scanners ask for, ends the session and nothing else
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_AskedToRenegotiate_EndsOrderly(bool isImplicit)
    {
        Assert.SkipUnless(File.Exists(OpenSsl), "needs openssl");
        var start = new ProcessStartInfo(OpenSsl, ["s_client", "-connect", EndPoint(isImplicit).ToString(), "-tls1_2"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!isImplicit)
        {
            start.ArgumentList.Add("-starttls");
            start.ArgumentList.Add("smtp");
        }

        using var client = Process.Start(start)!;
        var said = client.StandardOutput.ReadToEndAsync(Cancel);
        var faults = client.StandardError.ReadToEndAsync(Cancel);
        await client.StandardInput.WriteAsync("R\n".AsMemory(), Cancel);
        await client.StandardInput.FlushAsync(Cancel);
        await client.WaitForExitAsync(Cancel);

        Assert.Contains("Protocol  : TLSv1.2", await said, StringComparison.Ordinal);
        Assert.Contains("RENEGOTIATING", await faults, StringComparison.Ordinal);
        await _ended.Task;
    }

    private static async Task ExpectAsync(Stream stream, string command, string reply)
    {
        if (command.Length > 0)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(command), Cancel);
        }

        var text = new StringBuilder();
        var octets = new byte[4096];
        while (!text.ToString().Split("\r\n").SkipLast(1).Any(line => line.StartsWith(reply, StringComparison.Ordinal)))
        {
            var count = await stream.ReadAsync(octets, Cancel);
            Assert.NotEqual(0, count);
            text.Append(Encoding.ASCII.GetString(octets, 0, count));
        }
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(EndPoint(isImplicit: false), Cancel);
        return client;
    }

    private IPEndPoint EndPoint(bool isImplicit)
    {
        var addresses = _host!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new IPEndPoint(IPAddress.Loopback, new Uri(addresses.ElementAt(isImplicit ? 1 : 0)).Port);
    }

    private async Task ServeAsync(ConnectionContext connection, bool isImplicit)
    {
        var facts = new SessionFacts((IPEndPoint)connection.RemoteEndPoint!, (IPEndPoint)connection.LocalEndPoint!);
        var services = new SmtpServerDependencies(
            ServerUnderTest.WithTls with { ImplicitTls = isImplicit }, new ScriptedPolicy(), _acceptor, TimeProvider.System, NullLogger.Instance);
        try
        {
            await SmtpServerSession.RunAsync(
                connection.Transport, facts, services, CancellationToken.None, CancellationToken.None);
            _ended.TrySetResult();
        }
        catch (Exception exception)
        {
            _ended.TrySetException(exception);
            throw;
        }
    }
}
