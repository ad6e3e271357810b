using System.Buffers.Text;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>
/// The client's side of one SMTP connection. It speaks the protocol and decides nothing: whether to go on without TLS,
/// with this certificate or with another host is its owner's business. Not for concurrent use. No method throws for
/// anything a peer does; cancellation by the caller throws <see cref="OperationCanceledException"/> and leaves the
/// session unusable.
/// </summary>
public sealed class SmtpClientSession : IAsyncDisposable
{
    private readonly SmtpConnection _connection;
    private readonly string _helloName;
    private readonly SmtpTimeouts _timeouts;
    private readonly TimeProvider _clock;
    private bool _transactionIsOpen;

    /// <summary>Takes over an open connection; nothing is sent yet.</summary>
    /// <param name="transport">The connected stream; closed with the session.</param>
    /// <param name="helloName">Our fully qualified name or an address literal (RFC 5321 §4.1.1.1).</param>
    /// <param name="timeouts">The limit of each step.</param>
    /// <param name="clock">The clock of those limits.</param>
    public SmtpClientSession(Stream transport, string helloName, SmtpTimeouts timeouts, TimeProvider clock)
    {
        _connection = new SmtpConnection(transport, clock);
        _helloName = helloName;
        _timeouts = timeouts;
        _clock = clock;
    }

    /// <summary>What the server offers now.</summary>
    public ServerCapabilities Capabilities { get; private set; } = ServerCapabilities.None;

    /// <summary>
    /// The name the server gave itself in its last reply to EHLO or HELO; empty before. Nothing verifies it.
    /// </summary>
    public string PeerHelloName { get; private set; } = string.Empty;

    /// <summary>The TLS stream once <see cref="StartTlsAsync"/> succeeded; null in clear.</summary>
    public SslStream? Tls => _connection.Tls;

    /// <summary>Set once the session broke, also by a reply of 421; no method may be called then but
    /// <see cref="QuitAsync"/>, which does nothing, and <see cref="DisposeAsync"/>.</summary>
    public SessionFault? Fault => _connection.Fault;

    /// <summary>The server knows HELO alone: no extension, hence no STARTTLS.</summary>
    public bool IsHelloPlain { get; private set; }

    /// <summary>Reads the greeting and says EHLO, or HELO where EHLO is not known (RFC 5321 §3.2).</summary>
    public async Task<StepResult> OpenAsync(CancellationToken cancellationToken)
    {
        _connection.BeginSteps(_timeouts.Envelope);
        var greeting = await _connection.ReadReplyAsync(SmtpStage.Greeting, _timeouts.Greeting, cancellationToken);
        // RFC 5321 §3.1, §4.3.2: 220, or a refusal after which only QUIT makes sense.
        return Judge(greeting, SmtpStage.Greeting) is { Succeeded: false } refused
            ? refused
            : await HelloAsync(cancellationToken);
    }

    /// <summary>
    /// STARTTLS, the handshake, and EHLO again with all that was known forgotten (RFC 3207 §4.2). A refusal leaves the
    /// session in clear and usable.
    /// </summary>
    /// <param name="options">Server name, versions and the callback that judges the certificate.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<StepResult> StartTlsAsync(
        SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        // RFC 3207 §4.2: no STARTTLS inside TLS.
        if (Tls is not null)
        {
            throw new InvalidOperationException("the session is in TLS already");
        }

        // RFC 6066 §3: SNI bears a name without the trailing dot, and SslStream sends what it is given.
        if (options.TargetHost?.EndsWith('.') == true)
        {
            throw new ArgumentException("the server name ends in a dot", nameof(options));
        }

        // RFC 2920 §3.1, RFC 3207 §4: the last of its group, and nothing is sent before its reply.
        var reply = await AskAsync("STARTTLS", SmtpStage.StartTls, cancellationToken);
        if (Judge(reply, SmtpStage.StartTls) is { Succeeded: false } refused)
        {
            return refused;
        }

        // RFC 3207 §4.2, §6: octets behind the 220 came in clear, and a remote party may have put them there. They must not
        // be taken for replies inside TLS, nor fed to the handshake.
        if (_connection.HasOctets)
        {
            return Broken(new SessionFault(
                SessionFaultKind.PlaintextInjected, SmtpStage.StartTls, "octets in clear followed the reply to STARTTLS"));
        }

        Capabilities = ServerCapabilities.None;
        PeerHelloName = string.Empty;
        return await HandshakeAsync(options, cancellationToken) is { } fault
            ? Broken(fault)
            : await HelloAsync(cancellationToken);
    }

    /// <summary>
    /// AUTH PLAIN (RFC 4954, RFC 4616). For sessions inside TLS whose certificate the caller has found good, and servers that offer
    /// it; what a refusal means is the caller's to say.
    /// </summary>
    /// <param name="message">The message of the mechanism (RFC 4616 §2); the caller clears it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<StepResult> AuthenticatePlainAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        // RFC 4954 §4, RFC 3207 §4.2: a password in clear is everybody's.
        if (Tls is null || !Capabilities.AuthPlain)
        {
            throw new InvalidOperationException("no password is sent outside TLS, or to a server that does not ask for one");
        }

        // RFC 4954 §4: the initial response makes a line that may be too long for a command, the answer to a challenge none.
        var challenge = await AskAsync("AUTH PLAIN", SmtpStage.Authentication, cancellationToken);
        if (challenge is not { Code: 334 } || Fault is not null)
        {
            return Judge(challenge, SmtpStage.Authentication);
        }

        var response = new byte[Base64.GetMaxEncodedToUtf8Length(message.Length) + 2];
        Base64.EncodeToUtf8(message.Span, response, out _, out var length);
        "\r\n"u8.CopyTo(response.AsSpan(length));
        var reply = await AskAsync(response.AsMemory(0, length + 2), SmtpStage.Authentication, cancellationToken);
        CryptographicOperations.ZeroMemory(response);
        Capabilities = Capabilities with { IsAuthenticated = reply is { IsPositive: true } };
        return Judge(reply, SmtpStage.Authentication);
    }

    /// <summary>
    /// Sends one message: MAIL, RCPT and DATA in one group where the server pipelines (RFC 2920 §3.1).
    /// </summary>
    /// <exception cref="InvalidOperationException">The session is broken, or an address cannot be written with what the
    /// server offers (<see cref="OutgoingTransaction.NeedsSmtpUtf8"/>).</exception>
    public async Task<TransactionResult> SendAsync(OutgoingTransaction transaction, CancellationToken cancellationToken)
    {
        if (await RefuseUnaskedReplyAsync(SmtpStage.Mail, cancellationToken) is (true, var early))
        {
            var result = new RecipientResult(early, SmtpStage.Mail);
            return new TransactionResult([.. transaction.Recipients.Select(_ => result)], Fault);
        }

        _connection.BeginSteps(_timeouts.Envelope);
        var run = new ClientTransaction(_connection, _timeouts, transaction, Capabilities.Pipelining);
        var outcome = await run.RunAsync(Capabilities, _transactionIsOpen, cancellationToken);
        _transactionIsOpen = run.LeavesTransactionOpen;
        return outcome;
    }

    /// <summary>True when an idle session seems alive: nothing unasked for has arrived and the peer has not closed.
    /// Does not write to the wire.</summary>
    public bool IsIdleAndOpen() => _connection.IsQuiet();

    /// <summary>QUIT, its reply awaited for a short time (RFC 5321 §4.1.1.10). Never fails.</summary>
    public async Task QuitAsync(CancellationToken cancellationToken)
    {
        if (Fault is not null)
        {
            return;
        }

        var fault = await _connection.WriteAsync(
            "QUIT\r\n"u8.ToArray(), SmtpStage.Quit, _timeouts.Quit, cancellationToken);
        if (fault is null)
        {
            await _connection.TryReadReplyAsync(SmtpStage.Quit, _timeouts.Quit, cancellationToken);
            await _connection.ShutDownAsync();
        }

        _connection.Break(new SessionFault(SessionFaultKind.ConnectionLost, SmtpStage.Quit, "the session has ended"));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<StepResult> HelloAsync(CancellationToken cancellationToken)
    {
        var reply = await AskAsync($"EHLO {_helloName}", SmtpStage.Hello, cancellationToken);
        if (reply is { IsPermanent: true })
        {
            // RFC 5321 §3.2: a server that does not know EHLO gets HELO, and with it no extension. After 4yz, 421 above
            // all, it does know it and will not serve us now.
            reply = await AskAsync($"HELO {_helloName}", SmtpStage.Hello, cancellationToken);
            Capabilities = ServerCapabilities.None;
            IsHelloPlain = true;
        }
        else if (reply is { IsPositive: true })
        {
            Capabilities = EhloReply.CapabilitiesIn(reply);
        }

        PeerHelloName = reply is { IsPositive: true } ? EhloReply.NameIn(reply) : string.Empty;
        return Judge(reply, SmtpStage.Hello);
    }

    private async Task<SessionFault?> HandshakeAsync(
        SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var tls = new SslStream(_connection.Transport, leaveInnerStreamOpen: false);
        using var deadline = new Deadline(_timeouts.Handshake, _clock, cancellationToken);
        try
        {
            await tls.AuthenticateAsClientAsync(options, deadline.Token);
            _connection.Upgrade(tls);
            return null;
        }
        catch (OperationCanceledException) when (deadline.Expired)
        {
            await tls.DisposeAsync();
            return HandshakeFault($"no end of the handshake within {_timeouts.Handshake}", HandshakeFailure.Timeout);
        }
        catch (Exception e) when (SmtpConnection.IsNetworkError(e))
        {
            await tls.DisposeAsync();
            return HandshakeFault(HandshakeFailure.TextOf(e), HandshakeFailure.ReasonOf(e));
        }
    }

    private static SessionFault HandshakeFault(string detail, string reason) =>
        new(SessionFaultKind.HandshakeFailed, SmtpStage.Handshake, detail) { Reason = reason };

    /// <summary>One command outside a transaction and its reply; null when the session broke.</summary>
    private Task<Reply?> AskAsync(string command, SmtpStage stage, CancellationToken cancellationToken) =>
        AskAsync(Encoding.ASCII.GetBytes(command + "\r\n"), stage, cancellationToken);

    private async Task<Reply?> AskAsync(ReadOnlyMemory<byte> octets, SmtpStage stage, CancellationToken cancellationToken)
    {
        if (await RefuseUnaskedReplyAsync(stage, cancellationToken) is (true, var early))
        {
            return early;
        }

        if (_connection.BreakIfOverdue(stage))
        {
            return null;
        }

        var fault = await _connection.WriteAsync(octets, stage, _timeouts.Hello, cancellationToken);
        if (fault is { Kind: SessionFaultKind.TimedOut })
        {
            _connection.Break(fault);
            return null;
        }

        // A connection that did not take the command may still hold a last word.
        return await _connection.ReadReplyAsync(stage, _timeouts.Hello, cancellationToken);
    }

    /// <summary>
    /// False when nothing came before our command. Else the session has ended: with 421 (RFC 5321 §3.8), which answers
    /// for the command, or by a reply to nothing, which would be taken for the answer to a later command.
    /// </summary>
    private async ValueTask<(bool Ended, Reply? Reply)> RefuseUnaskedReplyAsync(
        SmtpStage stage, CancellationToken cancellationToken)
    {
        if (Fault is not null)
        {
            throw new InvalidOperationException($"the session is broken: {Fault.Detail}");
        }

        if (_connection.IsQuiet())
        {
            return (false, null);
        }

        var reply = await _connection.ReadReplyAsync(stage, _timeouts.Hello, cancellationToken);
        if (reply is not { Code: not 421 })
        {
            return (true, reply);
        }

        _connection.Break(new SessionFault(SessionFaultKind.ProtocolViolation, stage, $"a reply to nothing: {reply}"));
        return (true, null);
    }

    private StepResult Judge(Reply? reply, SmtpStage stage)
    {
        if (reply is { IsIntermediate: true })
        {
            _connection.Break(
                new SessionFault(SessionFaultKind.ProtocolViolation, stage, $"unexpected reply: {reply}"));
        }

        return new StepResult(reply, Fault?.Stage ?? stage, Fault);
    }

    private StepResult Broken(SessionFault fault)
    {
        _connection.Break(fault);
        return new StepResult(null, fault.Stage, fault);
    }
}
