using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Relay.TestKit;

/// <summary>A client that types commands and reads replies, and knows nothing of our own client.</summary>
internal sealed class SmtpTalk : IAsyncDisposable
{
    private readonly TcpClient _tcp = new();
    private Stream _stream = Stream.Null;

    /// <summary>Connects, from an address of the test's choice where there is one.</summary>
    public static async Task<SmtpTalk> ConnectAsync(
        IPEndPoint endPoint, CancellationToken cancellationToken, IPAddress? from = null)
    {
        var talk = new SmtpTalk();
        if (from is not null)
        {
            talk._tcp.Client.Bind(new IPEndPoint(from, 0));
        }

        await talk._tcp.ConnectAsync(endPoint, cancellationToken);
        talk._stream = talk._tcp.GetStream();
        return talk;
    }

    /// <summary>Connects, reads the greeting and says EHLO.</summary>
    public static async Task<SmtpTalk> OpenAsync(
        IPEndPoint endPoint, CancellationToken cancellationToken, IPAddress? from = null)
    {
        var talk = await ConnectAsync(endPoint, cancellationToken, from);
        Assert.StartsWith("220", await talk.ReadReplyAsync(cancellationToken), StringComparison.Ordinal);
        await talk.SayAsync("EHLO client.test", "250", cancellationToken);
        return talk;
    }

    /// <summary>Sends one line and expects a reply that begins so.</summary>
    public async Task<string> SayAsync(string line, string expected, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellationToken);
        var reply = await ReadReplyAsync(cancellationToken);
        Assert.StartsWith(expected, reply, StringComparison.Ordinal);
        return reply;
    }

    /// <summary>Sends octets as they are, and awaits nothing.</summary>
    public ValueTask SendRawAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) =>
        _stream.WriteAsync(octets, cancellationToken);

    /// <summary>Sends a whole message; the text's lines end in CRLF and no line begins with a dot.</summary>
    public async Task<string> SendAsync(
        string from, string[] to, string text, string expected, CancellationToken cancellationToken)
    {
        await SayAsync($"MAIL FROM:<{from}>", "250", cancellationToken);
        foreach (var recipient in to)
        {
            await SayAsync($"RCPT TO:<{recipient}>", "250", cancellationToken);
        }

        await SayAsync("DATA", "354", cancellationToken);
        return await SayAsync(text + ".", expected, cancellationToken);
    }

    public async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        await SayAsync("STARTTLS", "220", cancellationToken);
        await SecureAsync(cancellationToken);
        await SayAsync("EHLO client.test", "250", cancellationToken);
    }

    /// <summary>The handshake; any certificate will do, its subject is returned.</summary>
    public async Task<string> SecureAsync(CancellationToken cancellationToken)
    {
        var tls = new SslStream(_stream);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "relay.test",
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            cancellationToken);
        _stream = tls;
        return tls.RemoteCertificate!.Subject;
    }

    /// <summary>The next reply with all its lines; empty when the connection has ended, in order or by a reset.</summary>
    public async Task<string> ReadReplyAsync(CancellationToken cancellationToken)
    {
        var reply = new StringBuilder();
        var octet = new byte[1];
        var lineStart = 0;
        while (await ReadAsync(octet, cancellationToken) == 1)
        {
            reply.Append((char)octet[0]);
            if (octet[0] == '\n')
            {
                if (reply.Length - lineStart > 4 && reply[lineStart + 3] == ' ')
                {
                    break;
                }

                lineStart = reply.Length;
            }
        }

        return reply.ToString();
    }

    private async ValueTask<int> ReadAsync(byte[] octet, CancellationToken cancellationToken)
    {
        try
        {
            return await _stream.ReadAsync(octet, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _tcp.Dispose();
    }
}
