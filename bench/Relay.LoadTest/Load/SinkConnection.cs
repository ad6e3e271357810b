using System.Buffers;
using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Relay.LoadTest.Load;

/// <summary>
/// One connection to a sink: a pipelining SMTP server that takes everything, in as few reads and writes as it can.
/// </summary>
internal sealed class SinkConnection(Socket socket, string domain, LoadCorpus corpus, LoadLedger ledger) : IAsyncDisposable
{
    private static readonly byte[] EndOfData = "\r\n.\r\n"u8.ToArray();

    private readonly byte[] _domain = Encoding.ASCII.GetBytes("@" + domain);
    private readonly List<(int Recipient, int Message)> _recipients = [];
    private readonly ArrayBufferWriter<byte> _replies = new(512);
    private byte[] _input = ArrayPool<byte>.Shared.Rent(corpus.Length + 4096);
    private Stream _stream = new NetworkStream(socket, ownsSocket: true);
    private int _filled;
    private int _searched;
    private State _state;

    private enum State
    {
        Commands = 0,
        Content,
        Handshake,
        Done,
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        ArrayPool<byte>.Shared.Return(_input);
    }

    public async Task RunAsync(SslStreamCertificateContext certificate, CancellationToken cancellationToken)
    {
        Answer("220 sink ESMTP\r\n"u8);
        while (true)
        {
            if (_replies.WrittenCount > 0)
            {
                await _stream.WriteAsync(_replies.WrittenMemory, cancellationToken);
                _replies.ResetWrittenCount();
            }

            if (_state is State.Done)
            {
                return;
            }

            if (_state is State.Handshake)
            {
                var tls = new SslStream(_stream);
                _stream = tls;
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificateContext = certificate }, cancellationToken);
                (_state, _filled) = (State.Commands, 0);
            }

            if (_filled == _input.Length)
            {
                Grow();
            }

            var read = await _stream.ReadAsync(_input.AsMemory(_filled), cancellationToken);
            if (read == 0)
            {
                return;
            }

            _filled += read;
            Consume();
        }
    }

    private void Consume()
    {
        var at = 0;
        while (_state is State.Commands or State.Content)
        {
            var taken = _state is State.Content ? TakeContent(at) : TakeCommand(_input.AsSpan(at.._filled));
            if (taken == 0)
            {
                break;
            }

            at += taken;
        }

        _input.AsSpan(at.._filled).CopyTo(_input);
        _filled -= at;
        _searched = Math.Max(0, _searched - at);
    }

    /// <summary>The octets of a whole message with its final dot; 0 while there is more to come.</summary>
    private int TakeContent(int start)
    {
        // Content begins behind the CRLF of DATA, so an empty message's dot would be missed; the corpus has none.
        var from = Math.Max(start, _searched - EndOfData.Length + 1);
        var end = _input.AsSpan(from.._filled).IndexOf(EndOfData);
        if (end < 0)
        {
            _searched = _filled;
            return 0;
        }

        var content = _input.AsSpan(start, from - start + end + 2);
        var known = corpus.TryRecognize(content, out var message);
        foreach (var recipient in _recipients)
        {
            if (known && recipient.Message == message)
            {
                ledger.OnArrival(message, recipient.Recipient);
            }
            else
            {
                ledger.OnForeign();
            }
        }

        (_state, _searched) = (State.Commands, 0);
        _recipients.Clear();
        Answer("250 2.0.0 Ok\r\n"u8);
        return content.Length + 3;
    }

    /// <summary>The octets of a command line; 0 while there is none complete.</summary>
    private int TakeCommand(ReadOnlySpan<byte> input)
    {
        var end = input.IndexOf((byte)'\n') + 1;
        if (end == 0)
        {
            return 0;
        }

        switch (input[0] | 0x20)
        {
            case 'e':
                Answer("250-sink\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n"u8);
                Answer(_stream is SslStream ? "250 ENHANCEDSTATUSCODES\r\n"u8 : "250-ENHANCEDSTATUSCODES\r\n250 STARTTLS\r\n"u8);
                break;
            case 's':
                Answer("220 2.0.0 Ready\r\n"u8);
                _state = State.Handshake;
                break;
            case 'r' when (input[1] | 0x20) == 'c':
                TakeRecipient(input[..end]);
                break;
            case 'd':
                Answer("354 Go ahead\r\n"u8);
                _state = State.Content;
                break;
            case 'q':
                Answer("221 2.0.0 Bye\r\n"u8);
                _state = State.Done;
                break;
            default: // MAIL, RSET, NOOP
                _recipients.Clear();
                Answer("250 2.0.0 Ok\r\n"u8);
                break;
        }

        return end;
    }

    // RCPT TO:<recipient.message@domain>
    private void TakeRecipient(ReadOnlySpan<byte> line)
    {
        var path = line[(line.IndexOf((byte)'<') + 1)..];
        if (Utf8Parser.TryParse(path, out int recipient, out var first)
            && Utf8Parser.TryParse(path[(first + 1)..], out int message, out var second)
            && path[(first + 1 + second)..].StartsWith(_domain))
        {
            _recipients.Add((recipient, message));
        }
        else
        {
            ledger.OnForeign();
        }

        Answer("250 2.1.5 Ok\r\n"u8);
    }

    private void Answer(ReadOnlySpan<byte> reply) => _replies.Write(reply);

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_input.Length * 2);
        _input.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_input);
        _input = larger;
    }
}
