using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using Relay.Mail;

namespace Relay.Smtp.Server;

/// <summary>
/// The connection of one session, in clear or inside TLS: reads under a time limit, and replies that are collected
/// until input runs dry. One timer and no token source serves all waits of a session: expiry, stopping and abort all
/// wake the pending read or flush, which then looks why. A flush is woken only when the session is lost by it, for inside TLS
/// a flush that was cut short has used up a record's number, and the client cannot read what follows (RFC 8446 §5.3).
/// </summary>
internal sealed class ServerConnection : IAsyncDisposable
{
    // RFC 2920 §3.2 lets replies wait for the input to run dry; this bounds what an endless input makes us keep.
    private const int MaxPendingOctets = 16 * 1024;

    private readonly IDuplexPipe _transport;
    private readonly SmtpServerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly CancellationToken _stopping;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenRegistration _onStopping;
    private readonly CancellationTokenRegistration _onAborted;
    private volatile PipeReader _input;
    private volatile PipeWriter _output;
    private volatile bool _expired;
    private volatile bool _timesFlush;
    private SslStream? _tls;

    public ServerConnection(
        IDuplexPipe transport, SmtpServerOptions options, TimeProvider clock,
        CancellationToken stopping, CancellationToken aborted)
    {
        _transport = transport;
        _options = options;
        _clock = clock;
        _input = transport.Input;
        _output = transport.Output;
        _stopping = stopping;
        _aborted = aborted;
        _timer = clock.CreateTimer(
            static wire => ((ServerConnection)wire!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _onStopping = stopping.UnsafeRegister(static wire => ((ServerConnection)wire!)._input.CancelPendingRead(), this);
        _onAborted = aborted.UnsafeRegister(static wire => ((ServerConnection)wire!).Wake(), this);
    }

    /// <summary>
    /// Replies are written here; they go out when the next read finds nothing, or by <see cref="FlushAsync"/>.
    /// </summary>
    public PipeWriter Output => _output;

    /// <summary>The session inside TLS; null in clear.</summary>
    public SslStream? Tls => _tls;

    /// <summary>The server is to stop when the client is idle.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Something came that was not read yet; does not wait.</summary>
    public bool HasInput() => Peek(stackalloc byte[1]) > 0;

    /// <summary>Copies the first octets of what came and was not read yet, and says how many; does not wait.</summary>
    public int Peek(Span<byte> start)
    {
        if (!_input.TryRead(out var result))
        {
            return 0;
        }

        var octets = result.Buffer.Slice(0, Math.Min(start.Length, result.Buffer.Length));
        octets.CopyTo(start);
        _input.AdvanceTo(result.Buffer.Start);
        return (int)octets.Length;
    }

    /// <summary>Gives what is there, else sends the pending replies and waits.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <param name="yields">Waiting ends when the server is stopping.</param>
    public async ValueTask<ConnectionRead> ReadAsync(TimeSpan limit, bool yields)
    {
        try
        {
            // RFC 2920 §3.2: replies are sent at the latest when the input is drained.
            ReadResult result;
            if (_output.UnflushedBytes > MaxPendingOctets || !_input.TryRead(out result))
            {
                if (await FlushAsync() is var flushed and not CloseReason.None)
                {
                    return new ConnectionRead(default, IsLast: true, flushed);
                }

                result = await WaitAsync(limit);
            }

            if (result.IsCanceled && Interruption(yields) is var end and not CloseReason.None)
            {
                _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                return new ConnectionRead(default, IsLast: true, end);
            }

            return new ConnectionRead(result.Buffer, result.IsCompleted, CloseReason.None);
        }
        catch (Exception exception) when (IsConnectionLoss(exception))
        {
            return new ConnectionRead(default, IsLast: true, CloseReason.Closed);
        }
    }

    /// <summary>Consumes the buffer of the last read up to a position; the rest stays, looked at or not.</summary>
    public void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _input.AdvanceTo(consumed, examined);

    /// <summary>Sends the pending replies.</summary>
    public async ValueTask<CloseReason> FlushAsync()
    {
        if (_output.UnflushedBytes == 0)
        {
            return CloseReason.None;
        }

        try
        {
            while (true)
            {
                var pending = _output.FlushAsync(CancellationToken.None);
                if (!pending.IsCompleted)
                {
                    _timesFlush = true;
                    Arm(_options.BlockTimeout);
                }

                var result = await pending;
                Disarm();
                if (!result.IsCanceled)
                {
                    return result.IsCompleted ? CloseReason.Closed : CloseReason.None;
                }

                if (Interruption(yields: false) is var end and not CloseReason.None)
                {
                    return end;
                }
            }
        }
        catch (Exception exception) when (IsConnectionLoss(exception))
        {
            return CloseReason.Closed;
        }
    }

    /// <summary>
    /// Shakes hands and puts TLS around the connection. Null when done, else what went wrong, in words; the connection
    /// is of no use then.
    /// </summary>
    public async Task<string?> SecureAsync(SslStreamCertificateContext certificate)
    {
        var tls = new SslStream(new PipeStream(_transport), leaveInnerStreamOpen: false);
        _tls = tls;
        using var deadline = new Deadline(_options.HandshakeTimeout, _clock, _aborted);
        try
        {
            await tls.AuthenticateAsServerAsync(TlsOptions(certificate), deadline.Token);
        }
        catch (OperationCanceledException)
        {
            return deadline.Expired ? "handshake timed out" : "given up";
        }
        catch (Exception exception) when (IsConnectionLoss(exception))
        {
            return HandshakeFailure.TextOf(exception, "the client");
        }

        // RFC 3207 §4.2: nothing read in clear survives: reader and writer are new, and the old ones are empty or TLS.
        _input = PipeReader.Create(tls, new StreamPipeReaderOptions(
            bufferSize: 16 * 1024, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true));
        _output = PipeWriter.Create(tls, new StreamPipeWriterOptions(leaveOpen: true));
        return null;
    }

    /// <summary>Sends what is pending and closes both directions.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_aborted.IsCancellationRequested && await FlushAsync() == CloseReason.None && _tls is { IsAuthenticated: true } tls)
        {
            await CloseTlsAsync(tls);
        }

        await _onStopping.DisposeAsync();
        await _onAborted.DisposeAsync();
        await _timer.DisposeAsync();
        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }

        await _transport.Input.CompleteAsync();
        await _transport.Output.CompleteAsync();
    }

    // RFC 8446 §6.1: close_notify, so that the client can tell the end from a cut. Where it cannot be said, be it that the client is gone
    // or that OpenSSL is in the middle of something (a renegotiation that was refused, RFC 9325 §3.5), there is nobody to tell, and the
    // rest must be closed all the same.
    private async ValueTask CloseTlsAsync(SslStream tls) =>
        await ShutDownAsync(tls).WaitAsync(_options.BlockTimeout, _clock, _aborted).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    // What the platform throws before it has a task becomes one here.
    private static async Task ShutDownAsync(SslStream tls) => await tls.ShutdownAsync();

#pragma warning disable CA5398 // RFC 8996 §4, RFC 9325 §3.1.1: TLS 1.2 and 1.3, whatever the system would also allow.
    private static SslServerAuthenticationOptions TlsOptions(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = false,
        AllowRenegotiation = false,
    };
#pragma warning restore CA5398

    private async ValueTask<ReadResult> WaitAsync(TimeSpan limit)
    {
        var pending = _input.ReadAsync(CancellationToken.None);
        if (pending.IsCompleted)
        {
            return await pending;
        }

        _timesFlush = false;
        Arm(limit);
        var result = await pending;
        Disarm();
        return result;
    }

    private CloseReason Interruption(bool yields) =>
        _aborted.IsCancellationRequested ? CloseReason.Aborted
        : _expired ? CloseReason.TimedOut
        : yields && IsStopping ? CloseReason.Stopping
        : CloseReason.None;

    private void Arm(TimeSpan limit) =>
        _timer.Change(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    private void Disarm() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Expire()
    {
        _expired = true;
        if (_timesFlush)
        {
            _output.CancelPendingFlush();
        }
        else
        {
            _input.CancelPendingRead();
        }
    }

    private void Wake()
    {
        _input.CancelPendingRead();
        _output.CancelPendingFlush();
    }

    // A reset is an IOException, Kestrel's abort an OperationCanceledException, a broken TLS record an AuthenticationException, and what
    // OpenSSL did not expect a CryptographicException.
    private static bool IsConnectionLoss(Exception exception) =>
        exception is IOException or OperationCanceledException or AuthenticationException or CryptographicException
            or ObjectDisposedException;
}
