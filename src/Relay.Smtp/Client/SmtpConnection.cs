using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>
/// The octets of a client session: replies in, commands and content out, each within its time. What a peer or the
/// network does wrong comes back as a value; the first fault closes the connection.
/// </summary>
internal sealed class SmtpConnection : IAsyncDisposable
{
    private const int ReadBufferSize = 4096;

    private readonly Stream _transport;
    private readonly TimeProvider _clock;
    private readonly ReplyReader _replies = new();
    private Stream _stream;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadBufferSize);
    private int _start;
    private int _end;

    // False from a TLS 1.3 handshake to the first octets inside.
    private bool _handshakeIsJudged = true;

    // A read that was begun and has not ended: by IsQuiet, or left behind by a time limit. The next reply is read from
    // it.
    private Task<int>? _reading;

    private TimeSpan _stepsLimit = Timeout.InfiniteTimeSpan;
    private long _stepsStarted;

    public SmtpConnection(Stream transport, TimeProvider clock)
    {
        _transport = transport;
        _stream = transport;
        _clock = clock;
    }

    /// <summary>The TLS stream once there is one.</summary>
    public SslStream? Tls => _stream as SslStream;

    /// <summary>The first thing that went wrong.</summary>
    public SessionFault? Fault { get; private set; }

    /// <summary>How long the server has taken over what we wrote.</summary>
    public TimeSpan WriteTime { get; private set; }

    /// <summary>Octets have arrived that belong to no reply taken yet.</summary>
    public bool HasOctets => _end > _start;

    /// <summary>
    /// Ends the session; the first fault stands. The transport closes at once, so that nothing more can be sent.
    /// </summary>
    public void Break(SessionFault fault)
    {
        if (Fault is null)
        {
            Fault = fault;
            _transport.Dispose();
        }
    }

    /// <summary>The steps that follow have so long together.</summary>
    public void BeginSteps(TimeSpan limit)
    {
        _stepsLimit = limit;
        _stepsStarted = _clock.GetTimestamp();
    }

    /// <summary>True, and the session is over, where the next step would begin beyond the time of all.</summary>
    public bool BreakIfOverdue(SmtpStage next)
    {
        if (_stepsLimit == Timeout.InfiniteTimeSpan || _clock.GetElapsedTime(_stepsStarted) <= _stepsLimit)
        {
            return false;
        }

        Break(new SessionFault(
            SessionFaultKind.TimedOut, next, $"the steps before the content took longer than {_stepsLimit}"));
        return true;
    }

    /// <summary>Reads one reply, or breaks the session and gives null.</summary>
    public async ValueTask<Reply?> ReadReplyAsync(SmtpStage stage, TimeSpan limit, CancellationToken cancellationToken)
    {
        var (reply, fault) = await TryReadReplyAsync(stage, limit, cancellationToken);
        if (fault is not null)
        {
            Break(fault);
        }
        else if (reply!.Code == 421)
        {
            // RFC 5321 §3.8: after 421 the server closes; the reply stands for the command, the session is over.
            Break(new SessionFault(SessionFaultKind.ConnectionLost, stage, $"the server is closing: {reply}"));
        }

        return reply;
    }

    /// <summary>Reads one reply or tells why there is none, leaving the session as it is.</summary>
    public async ValueTask<(Reply? Reply, SessionFault? Fault)> TryReadReplyAsync(
        SmtpStage stage, TimeSpan limit, CancellationToken cancellationToken)
    {
        Deadline? deadline = null;
        try
        {
            while (true)
            {
                var status = _replies.Read(_buffer.AsSpan(_start, _end - _start), out var consumed, out var reply);
                _start += consumed;
                if (status == ReplyReadStatus.Complete)
                {
                    return (reply, null);
                }

                if (status == ReplyReadStatus.Malformed)
                {
                    return (null, new SessionFault(SessionFaultKind.ProtocolViolation, stage, _replies.Complaint));
                }

                BeginRead();
                if (!_reading!.IsCompleted)
                {
                    // RFC 5321 §4.5.3.2: one limit for the whole reply, however slowly it drips.
                    deadline ??= new Deadline(limit, _clock, cancellationToken);
                    await _reading.WaitAsync(deadline.Token);
                }

                if (!EndRead())
                {
                    return (null, Loss(stage, null));
                }
            }
        }
        catch (OperationCanceledException) when (deadline is { Expired: true })
        {
            return (null, new SessionFault(SessionFaultKind.TimedOut, stage, $"no reply within {limit}"));
        }
        catch (Exception e) when (IsNetworkError(e))
        {
            _reading = null;
            return (null, Loss(stage, e));
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    /// <summary>Writes everything, or tells what prevented it.</summary>
    public async ValueTask<SessionFault?> WriteAsync(
        ReadOnlyMemory<byte> octets, SmtpStage stage, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(limit, _clock, cancellationToken);
        var started = _clock.GetTimestamp();
        try
        {
            await _stream.WriteAsync(octets, deadline.Token);
            WriteTime += _clock.GetElapsedTime(started);
            return null;
        }
        catch (OperationCanceledException) when (deadline.Expired)
        {
            return new SessionFault(SessionFaultKind.TimedOut, stage, $"the server took nothing for {limit}");
        }
        catch (Exception e) when (IsNetworkError(e))
        {
            return Loss(stage, e);
        }
    }

    /// <summary>
    /// True while the peer has neither sent octets of SMTP nor closed. Begins a read, which with TLS takes in what is
    /// TLS's own (a session ticket, RFC 8446 §4.6.1, is no unasked-for reply) and then waits for the next reply.
    /// </summary>
    public bool IsQuiet()
    {
        if (Fault is not null || HasOctets)
        {
            return false;
        }

        BeginRead();
        if (!_reading!.IsCompleted)
        {
            return true;
        }

        if (_reading.IsCompletedSuccessfully)
        {
            EndRead();
        }

        return false;
    }

    /// <summary>Goes on inside TLS; nothing read before may be left (RFC 3207 §4.2).</summary>
    public void Upgrade(SslStream tls)
    {
        _stream = tls;
#pragma warning disable CA5398 // asks which version it is, does not choose one
        _handshakeIsJudged = tls.SslProtocol != SslProtocols.Tls13;
#pragma warning restore CA5398
    }

    /// <summary>Tells the peer that no more comes (RFC 8446 §6.1); whether it still listens does not matter.</summary>
    public async Task ShutDownAsync()
    {
        try
        {
            await (Tls?.ShutdownAsync() ?? Task.CompletedTask);
        }
        catch (Exception e) when (IsNetworkError(e))
        {
            // The peer has closed already, as it may after its reply to QUIT.
        }
    }

    /// <summary>The stream to negotiate TLS over.</summary>
    public Stream Transport => _transport;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        if (_reading is { } reading)
        {
            // It ends now that the stream is closed; until then the buffer is its own.
            await ((Task)reading).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        if (_stream != _transport)
        {
            await _stream.DisposeAsync();
        }

        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>What an exception of the network says, on one line.</summary>
    public static string OneLine(Exception error) => SocketFailure.In(error) is { } fault
        ? SocketFailure.TextOf(fault)
        : error.Message.ReplaceLineEndings(" ");

    /// <summary>True for what a peer or the network causes.</summary>
    public static bool IsNetworkError(Exception error) =>
        error is IOException or SocketException or ObjectDisposedException or AuthenticationException or CryptographicException;

    private void BeginRead()
    {
        if (_reading is not null)
        {
            return;
        }

        // What is left is the beginning of one line at most, far less than the buffer (ReplyReader.MaxLineLength).
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        _reading = _stream.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None).AsTask();
    }

    private bool EndRead()
    {
        var count = _reading!.GetAwaiter().GetResult();
        _reading = null;
        _end += count;
        _handshakeIsJudged |= count > 0;
        return count > 0;
    }

    private SessionFault Loss(SmtpStage stage, Exception? error)
    {
        var detail = error is null ? "the server closed the connection" : OneLine(error);
        if (_handshakeIsJudged)
        {
            return new SessionFault(SessionFaultKind.ConnectionLost, stage, detail);
        }

        // RFC 8446 §4.4.2.4, §6: with TLS 1.3 the client is done before the server has judged it; the alert, or a mere
        // end, comes with the first read, and the handshake has failed all the same.
        return new SessionFault(
            SessionFaultKind.HandshakeFailed, SmtpStage.Handshake, error is null ? detail : HandshakeFailure.TextOf(error))
        {
            Reason = HandshakeFailure.AlertIn(error) ?? "connection-closed-after-handshake",
        };
    }

}
