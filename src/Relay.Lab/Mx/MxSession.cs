using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Relay.Lab.Mx;

/// <summary>The server's side of one connection to a <see cref="LabMx"/>.</summary>
internal sealed class MxSession(LabMx host, MxBehavior behavior, Socket socket, MxConnection connection) : IAsyncDisposable
{
    private readonly List<string> _recipients = [];
    private Stream _stream = new NetworkStream(socket, ownsSocket: true);
    private MxWire _wire = null!;
    private string? _mail;
    private bool _greeted;
    private bool _closing;
    private bool _interrupted;

    private bool IsTls => _stream is SslStream;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _wire = new MxWire(_stream, behavior.Chunking);
        try
        {
            await AnswerAsync(MxRule.Connect, string.Empty, $"220 {behavior.HostName} ESMTP\r\n", cancellationToken);
            while (!_closing && await _wire.ReadToAsync("\r\n"u8.ToArray(), null, cancellationToken) is { } octets)
            {
                var command = new MxCommand(Encoding.UTF8.GetString(octets.AsSpan(..^2)), IsTls, _wire.Buffered);
                connection.Add(command);
                host.SignalChange();
                await ServeAsync(command, cancellationToken);
            }

            await _wire.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException
            or OperationCanceledException or AuthenticationException)
        {
            // The peer left, or the lab stops.
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private Task ServeAsync(MxCommand command, CancellationToken cancellationToken) => command.Verb switch
    {
        "EHLO" => HelloAsync(command, EhloReply(), cancellationToken),
        "HELO" => HelloAsync(command, $"250 {behavior.HostName}\r\n", cancellationToken),
        "STARTTLS" => StartTlsAsync(command, cancellationToken),
        "MAIL" => MailAsync(command, cancellationToken),
        "RCPT" => RecipientAsync(command, cancellationToken),
        "DATA" => DataAsync(command, cancellationToken),
        "RSET" => ResetAsync(command, cancellationToken),
        "NOOP" => AnswerAsync("NOOP", command.Line, "250 2.0.0 Ok\r\n", cancellationToken),
        "QUIT" => QuitAsync(command, cancellationToken),
        _ => AnswerAsync(command.Verb, command.Line, "500 5.5.2 Unknown command\r\n", cancellationToken),
    };

    private string EhloReply()
    {
        var keywords = IsTls ? behavior.ExtensionsInTls ?? behavior.Extensions : behavior.Extensions;
        var offersTls = behavior is { OffersStartTls: true, Certificate: not null } && !IsTls;
        List<string> lines = [behavior.HostName, .. keywords, .. offersTls ? ["STARTTLS"] : Array.Empty<string>()];
        return string.Concat(lines.Select((line, i) => $"250{(i == lines.Count - 1 ? ' ' : '-')}{line}\r\n"));
    }

    private async Task HelloAsync(MxCommand command, string reply, CancellationToken cancellationToken)
    {
        _greeted |= await AnswerAsync(command.Verb, command.Line, reply, cancellationToken) == '2';
        EndTransaction();
    }

    private async Task MailAsync(MxCommand command, CancellationToken cancellationToken)
    {
        var reply = _greeted && _mail is null ? "250 2.1.0 Ok\r\n" : "503 5.5.1 Not now\r\n";
        if (await AnswerAsync("MAIL", command.Line, reply, cancellationToken) == '2')
        {
            _mail = command.Line;
        }
    }

    private async Task RecipientAsync(MxCommand command, CancellationToken cancellationToken)
    {
        var reply = _mail is null ? "503 5.5.1 Not now\r\n"
            : _recipients.Count >= behavior.MaxRecipients ? $"{behavior.TooManyReply}\r\n"
            : "250 2.1.5 Ok\r\n";
        if (await AnswerAsync("RCPT", command.Line, reply, cancellationToken) == '2')
        {
            _recipients.Add(command.Line);
        }
    }

    private async Task DataAsync(MxCommand command, CancellationToken cancellationToken)
    {
        var reply = _mail is null || _recipients.Count == 0 ? "503 5.5.1 No recipients\r\n" : "354 Go on\r\n";
        if (await AnswerAsync("DATA", command.Line, reply, cancellationToken) != '3' || _closing)
        {
            return;
        }

        // The CRLF before the first line is DATA's own, so a lone dot ends empty content.
        await _wire.FlushAsync(cancellationToken);
        _wire.Unread(2);
        _interrupted = false;
        var octets = await _wire.ReadToAsync(
            "\r\n.\r\n"u8.ToArray(), seen => InterruptAsync(seen - 2, cancellationToken), cancellationToken);
        if (octets is null)
        {
            _closing = true;
            return;
        }

        var message = new MxMessage(
            connection, _mail ?? string.Empty, [.. _recipients], octets.AsMemory(2), Unstuff(octets.AsSpan(2..^3)), IsTls);
        // Recorded before the reply goes out: whoever has the reply finds the message.
        await AnswerAsync(
            MxRule.EndOfData, ".", "250 2.0.0 Taken\r\n", cancellationToken, first => host.Add(message, accepted: first == '2'));
        EndTransaction();
    }

    private async Task<bool> InterruptAsync(int seen, CancellationToken cancellationToken)
    {
        var rule = _interrupted
            ? null
            : behavior.Rules.FirstOrDefault(r => seen >= r.AfterOctets && r.Applies(MxRule.Content, string.Empty));
        if (rule is null)
        {
            return false;
        }

        _interrupted = true;
        await PerformAsync(rule.Action, string.Empty, cancellationToken);
        return _closing;
    }

    private async Task StartTlsAsync(MxCommand command, CancellationToken cancellationToken)
    {
        connection.OctetsBehindStartTls = command.OctetsBehind;
        var offered = behavior is { OffersStartTls: true, Certificate: not null } && !IsTls;
        var reply = offered ? $"220 2.0.0 Go on\r\n{behavior.InjectedAfterStartTls}" : "502 5.5.1 Not offered\r\n";
        if (await AnswerAsync("STARTTLS", command.Line, reply, cancellationToken) != '2' || _closing)
        {
            return;
        }

        await _wire.FlushAsync(cancellationToken);
        _closing = true;
        if (behavior.Handshake == MxHandshake.Garbage)
        {
            await _stream.ReadAtLeastAsync(new byte[1024], 1, false, cancellationToken);
            await _stream.WriteAsync("This is no TLS at all.\r\n"u8.ToArray(), cancellationToken);
        }
        else if (behavior.Handshake != MxHandshake.CloseInstead)
        {
            await HandshakeAsync(cancellationToken);
            _closing = behavior.Handshake == MxHandshake.CloseAfter;
        }
    }

    private async Task HandshakeAsync(CancellationToken cancellationToken)
    {
        if (behavior.Handshake == MxHandshake.Stall)
        {
            await host.StallAsync(cancellationToken);
        }

        var tls = new SslStream(_stream);
        _stream = tls;
        try
        {
            await tls.AuthenticateAsServerAsync((_, hello, _, _) => ValueTask.FromResult(OptionsFor(hello)), null, cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            connection.HandshakeError = e.Message;
            throw;
        }

        connection.TlsVersion = tls.SslProtocol;
        _wire = new MxWire(tls, behavior.Chunking);
        _greeted = false;
        EndTransaction();
    }

    private SslServerAuthenticationOptions OptionsFor(SslClientHelloInfo hello)
    {
        connection.ServerName = hello.ServerName;
        var certificate = behavior.CertificatesByName.GetValueOrDefault(hello.ServerName) ?? behavior.Certificate!;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Context,
            EnabledSslProtocols = behavior.Protocols,
            CipherSuitesPolicy = behavior.CipherSuites,
#pragma warning disable SYSLIB0040 // .NET's only way to OpenSSL's security level 0.
            EncryptionPolicy = behavior.IsLax ? EncryptionPolicy.AllowNoEncryption : EncryptionPolicy.RequireEncryption,
#pragma warning restore SYSLIB0040
        };
    }

    private async Task ResetAsync(MxCommand command, CancellationToken cancellationToken)
    {
        if (await AnswerAsync("RSET", command.Line, "250 2.0.0 Ok\r\n", cancellationToken) == '2')
        {
            EndTransaction();
        }
    }

    private async Task QuitAsync(MxCommand command, CancellationToken cancellationToken)
    {
        await AnswerAsync("QUIT", command.Line, "221 2.0.0 Bye\r\n", cancellationToken);
        _closing = true;
    }

    /// <summary>Replies as the rules say, else as usual; gives the first character of the reply, or NUL for none.</summary>
    private Task<char> AnswerAsync(
        string stage, string line, string usual, CancellationToken cancellationToken, Action<char>? beforeReply = null)
    {
        var rule = behavior.Rules.FirstOrDefault(r => r.Applies(stage, line));
        return PerformAsync(rule?.Action, usual, cancellationToken, beforeReply);
    }

    private async Task<char> PerformAsync(
        MxAction? action, string usual, CancellationToken cancellationToken, Action<char>? beforeReply = null)
    {
        if (action is { Stalls: true })
        {
            await _wire.FlushAsync(cancellationToken);
            await host.StallAsync(cancellationToken);
        }

        var octets = action?.Octets ?? (action is { Closes: true } or { Resets: true } ? [] : Encoding.UTF8.GetBytes(usual));
        var first = octets.Length > 0 ? (char)octets[0] : '\0';
        beforeReply?.Invoke(first);
        await _wire.WriteAsync(octets, cancellationToken);
        if (action is { Resets: true })
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }

        _closing |= action is { Closes: true } or { Resets: true };
        return first;
    }

    private void EndTransaction()
    {
        _mail = null;
        _recipients.Clear();
    }

    private static byte[] Unstuff(ReadOnlySpan<byte> stuffed)
    {
        var content = new List<byte>(stuffed.Length);
        for (var i = 0; i < stuffed.Length; i++)
        {
            var atLineStart = i == 0 || (i >= 2 && stuffed[i - 1] == '\n' && stuffed[i - 2] == '\r');
            if (!(atLineStart && stuffed[i] == '.'))
            {
                content.Add(stuffed[i]);
            }
        }

        return [.. content];
    }
}
