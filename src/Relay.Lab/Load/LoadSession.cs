using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Lab.Load;

/// <summary>
/// One client of the load on one connection: MAIL, RCPT and DATA in one group, then the content, message by message.
/// </summary>
internal sealed class LoadSession : IDisposable
{
    private readonly LoadPlan _plan;
    private readonly LoadCorpus _corpus;
    private readonly LoadLedger _ledger;
    private readonly Socket _socket =
        new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _output;
    private readonly byte[] _input = new byte[8192];

    public LoadSession(LoadPlan plan, LoadCorpus corpus, LoadLedger ledger)
    {
        (_plan, _corpus, _ledger) = (plan, corpus, ledger);
        _output = ArrayPool<byte>.Shared.Rent(Math.Max(corpus.Length + 3, 128 * (plan.Recipients + 2)));
    }

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
            var greeting = await ReadRepliesAsync(1, cancellationToken);
            if (greeting.Refusal is { } refusal)
            {
                throw new InvalidOperationException($"The relay greeted a client with: {refusal}");
            }

            await CommandAsync("EHLO load.client.test\r\n"u8.ToArray(), cancellationToken);
            while (_ledger.TryTake(out var message))
            {
                await SubmitAsync(message, cancellationToken);
            }

            await CommandAsync("QUIT\r\n"u8.ToArray(), cancellationToken);
        }
        catch (SocketException)
        {
            // The relay went away; the ledger knows what was on its way.
        }
    }

    private async Task SubmitAsync(int message, CancellationToken cancellationToken)
    {
        try
        {
            _ledger.OnSubmit(message);
            await SendAsync(WriteEnvelope(message), cancellationToken);
            var envelope = await ReadRepliesAsync(_plan.Recipients + 2, cancellationToken);
            if (envelope.Last != 354)
            {
                _ledger.OnRefused(envelope.Refusal ?? "no reply was a refusal, but DATA was not answered with 354");
                await CommandAsync("RSET\r\n"u8.ToArray(), cancellationToken);
                return;
            }

            _corpus.Write(message, _output);
            ".\r\n"u8.CopyTo(_output.AsSpan(_corpus.Length));
            await SendAsync(_corpus.Length + 3, cancellationToken);
            var content = await ReadRepliesAsync(1, cancellationToken);
            if ((envelope.Refusal ?? content.Refusal) is { } refusal)
            {
                _ledger.OnRefused(refusal);
            }
            else
            {
                _ledger.OnAccepted(message);
            }
        }
        catch (SocketException)
        {
            _ledger.OnUnanswered();
            throw;
        }
    }

    private int WriteEnvelope(int message)
    {
        var length = Encoding.ASCII.GetBytes($"MAIL FROM:<load@client.test> SIZE={_corpus.Length}\r\n", _output);
        for (var recipient = 0; recipient < _plan.Recipients; recipient++)
        {
            // The number travels in the envelope too, so that an envelope with another's content is noticed.
            var domain = LoadPlan.DomainName(_plan.DomainOf(message, recipient));
            length += Encoding.ASCII.GetBytes($"RCPT TO:<{recipient}.{message}@{domain}>\r\n", _output.AsSpan(length));
        }

        "DATA\r\n"u8.CopyTo(_output.AsSpan(length));
        return length + 6;
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
