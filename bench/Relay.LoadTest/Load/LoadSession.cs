using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.LoadTest.Load;

/// <summary>
/// One client of the load on one connection: MAIL, RCPT and DATA in one group, then the content, message by message.
/// </summary>
internal sealed class LoadSession(ILoadSource source) : IDisposable
{
    private readonly Socket _socket =
        new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _input = new byte[8192];
    private byte[] _output = ArrayPool<byte>.Shared.Rent(16_384);

    public void Dispose()
    {
        _socket.Dispose();
        ArrayPool<byte>.Shared.Return(_output);
    }

    /// <summary>Submits until there are no more messages; ends early when the connection breaks.</summary>
    public async Task RunAsync(IPEndPoint relay, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ConnectAsync(relay, cancellationToken);
            if (await ReadRepliesAsync(1, cancellationToken) is { Refusal: { } refusal })
            {
                source.OnTurnedAway(refusal);
                return;
            }

            await CommandAsync("EHLO load.client.test\r\n"u8.ToArray(), cancellationToken);
            while (await source.TakeAsync(cancellationToken) is { } message)
            {
                if (await SubmitAsync(message, cancellationToken) is { } reply)
                {
                    source.OnRefused(message.Number, reply);
                    await CommandAsync("RSET\r\n"u8.ToArray(), cancellationToken);
                }
                else
                {
                    source.OnAccepted(message.Number);
                }
            }

            await CommandAsync("QUIT\r\n"u8.ToArray(), cancellationToken);
        }
        catch (SocketException)
        {
            // The relay went away; the source knows what was on its way.
        }
    }

    /// <summary>Submits a message; gives the reply that refused it, null when it was taken.</summary>
    private async Task<string?> SubmitAsync(LoadMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(WriteEnvelope(message), cancellationToken);
            var envelope = await ReadRepliesAsync(message.Recipients.Count + 2, cancellationToken);
            if (envelope.Last != 354)
            {
                return envelope.Refusal ?? "no reply was a refusal, but DATA was not answered with 354";
            }

            message.Corpus.Write(message.Number, _output);
            ".\r\n"u8.CopyTo(_output.AsSpan(message.Corpus.Length));
            await SendAsync(message.Corpus.Length + 3, cancellationToken);
            var content = await ReadRepliesAsync(1, cancellationToken);
            return envelope.Refusal ?? content.Refusal;
        }
        catch (SocketException)
        {
            source.OnUnanswered(message.Number);
            throw;
        }
    }

    private int WriteEnvelope(LoadMessage message)
    {
        MakeRoom(Math.Max(message.Corpus.Length + 3, 128 * (message.Recipients.Count + 2)));
        var length = Encoding.ASCII.GetBytes($"MAIL FROM:<{message.ReversePath}> SIZE={message.Corpus.Length}\r\n", _output);
        foreach (var recipient in message.Recipients)
        {
            length += Encoding.ASCII.GetBytes($"RCPT TO:<{recipient}>\r\n", _output.AsSpan(length));
        }

        "DATA\r\n"u8.CopyTo(_output.AsSpan(length));
        return length + 6;
    }

    private void MakeRoom(int octets)
    {
        if (_output.Length < octets)
        {
            ArrayPool<byte>.Shared.Return(_output);
            _output = ArrayPool<byte>.Shared.Rent(octets);
        }
    }

    private async Task CommandAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        command.CopyTo(_output);
        await SendAsync(command.Length, cancellationToken);
        await ReadRepliesAsync(1, cancellationToken);
    }

    private async ValueTask SendAsync(int length, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < length;)
        {
            sent += await _socket.SendAsync(_output.AsMemory(sent, length - sent), SocketFlags.None, cancellationToken);
        }
    }

    /// <summary>Reads so many replies: the last one's code, and the first refusal among them.</summary>
    private async ValueTask<(int Last, string? Refusal)> ReadRepliesAsync(
        int count, CancellationToken cancellationToken)
    {
        var (filled, last, refusal) = (0, 0, (string?)null);
        while (true)
        {
            var read = await _socket.ReceiveAsync(_input.AsMemory(filled), SocketFlags.None, cancellationToken);
            if (read == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            filled += read;
            var consumed = 0;
            while (_input.AsSpan(consumed..filled).IndexOf((byte)'\n') is >= 0 and var end)
            {
                var line = _input.AsMemory(consumed, end);
                consumed += end + 1;
                if (line.Length < 4 || line.Span[3] == '-')
                {
                    continue;
                }

                last = int.Parse(line.Span[..3], provider: null);
                refusal ??= last >= 400 ? Encoding.ASCII.GetString(line.Span).TrimEnd() : null;
                if (--count == 0)
                {
                    return (last, refusal);
                }
            }

            _input.AsSpan(consumed..filled).CopyTo(_input);
            filled -= consumed;
        }
    }
}
