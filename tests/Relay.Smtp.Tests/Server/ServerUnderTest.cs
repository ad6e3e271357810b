using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Relay.Lab;
using Relay.Lab.Logging;
using Relay.Smtp.Server;
using Relay.Smtp.Tests.Server.Authentication;

namespace Relay.Smtp.Tests.Server;

/// <summary>One session over a pair of pipes; the test is the client and reads and writes octets.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private static readonly Lazy<SslStreamCertificateContext> Certificate = new(MakeCertificate);

    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private Stream? _input;
    private Stream? _output;

    public SmtpServerOptions Options { get; init; } = new() { HostName = "mx.test" };

    public RecordingAcceptor Acceptor { get; } = new();

    public ScriptedPolicy Policy { get; } = new();

    /// <summary>Null where there is no AUTH.</summary>
    public ScriptedAuthenticator? Authenticator { get; init; }

    public ManualClock Clock { get; } = new();

    public Task Session { get; private set; } = Task.CompletedTask;

    public static SslStreamCertificateContext TestCertificate => Certificate.Value;

    public static SmtpServerOptions WithTls => new() { HostName = "mx.test", Certificate = () => TestCertificate };

    /// <summary>What it logged.</summary>
    public LogEvents Log { get; } = new();

    /// <summary>Starts the session and takes the greeting.</summary>
    public async Task<ServerUnderTest> StartAsync()
    {
        Launch();
        Assert.Equal("220 mx.test ESMTP", await ReadLineAsync());
        return this;
    }

    /// <summary>Starts the session and says EHLO.</summary>
    public async Task<ServerUnderTest> GreetAsync()
    {
        await StartAsync();
        await AskAsync("EHLO client.test");
        return this;
    }

    public void Launch()
    {
        var services = new SmtpServerDependencies(Options, Policy, Acceptor, Clock, Log.CreateLogger(string.Empty)) { Authenticator = Authenticator };
        var client = new SessionFacts(new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 25));
        _input = _toClient.Reader.AsStream();
        _output = _toServer.Writer.AsStream();
        Session = SmtpServerSession.RunAsync(
            new Duplex(_toServer.Reader, _toClient.Writer), client, services, _stop.Token, _abort.Token);
    }

    /// <summary>Starts the session when the client has already spoken.</summary>
    public Task LaunchAfterAsync(string text) => LaunchAfterAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>As above, with octets.</summary>
    public async Task LaunchAfterAsync(ReadOnlyMemory<byte> octets)
    {
        await _toServer.Writer.WriteAsync(octets, TestContext.Current.CancellationToken);
        Launch();
    }

    /// <summary>Completes when some time limit runs: the session waits for its client.</summary>
    public Task WaitUntilTimedAsync() => Clock.TimersScheduledAsync(1, TestContext.Current.CancellationToken);

    /// <summary>Lets time pass until the session has given its client up. A limit that was just replaced when it ended ends again.</summary>
    public async Task RunOutOfTimeAsync(TimeSpan limit)
    {
        while (!Session.IsCompleted)
        {
            await Task.WhenAny(Session, WaitUntilTimedAsync());
            Clock.Advance(limit);
        }
    }

    /// <summary>MAIL, RCPT and DATA.</summary>
    public async Task BeginDataAsync()
    {
        await BeginAsync();
        Assert.StartsWith("354 ", await AskAsync("DATA"), StringComparison.Ordinal);
    }

    /// <summary>MAIL and RCPT.</summary>
    public async Task BeginAsync()
    {
        Assert.StartsWith("250 ", await AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await AskAsync("RCPT TO:<c@d.test>"), StringComparison.Ordinal);
    }

    public void Stop() => _stop.Cancel();

    public void Abort() => _abort.Cancel();

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> octets) =>
        await _output!.WriteAsync(octets, TestContext.Current.CancellationToken);

    /// <summary>Sends a line and reads the whole reply, lines joined by a bar.</summary>
    public async Task<string> AskAsync(string line)
    {
        await SendAsync(line + "\r\n");
        return await ReadReplyAsync();
    }

    /// <summary>Sends octets as they are and reads the whole reply.</summary>
    public async Task<string> AskRawAsync(string octets)
    {
        await SendAsync(octets);
        return await ReadReplyAsync();
    }

    public async Task<string> ReadReplyAsync()
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync();
            lines.Add(line);
            if (line.Length < 4 || line[3] == ' ')
            {
                return string.Join('|', lines);
            }
        }
    }

    /// <summary>The next line without CRLF; empty at the end of the stream.</summary>
    public async Task<string> ReadLineAsync()
    {
        var line = new List<byte>();
        var octet = new byte[1];
        while (await _input!.ReadAsync(octet, TestContext.Current.CancellationToken) == 1)
        {
            line.Add(octet[0]);
            if (line is [.., (byte)'\r', (byte)'\n'])
            {
                return Encoding.ASCII.GetString([.. line], 0, line.Count - 2);
            }
        }

        return Encoding.ASCII.GetString([.. line]);
    }

    /// <summary>All that the server says until it closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var all = new MemoryStream();
        await _input!.CopyToAsync(all, TestContext.Current.CancellationToken);
        return Encoding.ASCII.GetString(all.ToArray());
    }

    /// <summary>The client closes its side.</summary>
    public async Task CloseAsync() => await _toServer.Writer.CompleteAsync();

    /// <summary>Runs the client's side of the handshake over what is now in clear.</summary>
    public async Task<SslStream> SecureAsync(SslClientAuthenticationOptions? options = null)
    {
        var tls = new SslStream(new PipeStream(new Duplex(_toClient.Reader, _toServer.Writer)));
        await tls.AuthenticateAsClientAsync(
            options ?? new SslClientAuthenticationOptions
            {
                TargetHost = "mx.test",
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            TestContext.Current.CancellationToken);
        _input = tls;
        _output = tls;
        return tls;
    }

    public async ValueTask DisposeAsync()
    {
        await _abort.CancelAsync();
        await _toServer.Writer.CompleteAsync();
        await _toClient.Reader.CompleteAsync();
        await Session;
        if (_input is not null && _output is not null)
        {
            await _input.DisposeAsync();
            await _output.DisposeAsync();
        }

        _stop.Dispose();
        _abort.Dispose();
    }

    private static SslStreamCertificateContext MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mx.test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return SslStreamCertificateContext.Create(
            X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null), additionalCertificates: null);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
