#pragma warning disable CA1065
using System.Net.Security;

namespace Relay.Smtp.Client;

/// <summary>
/// The client's side of one SMTP connection. It speaks the protocol and decides nothing: whether to go on without TLS, with
/// this certificate or with another host is its owner's business. Not for concurrent use. No method throws for anything a
/// peer does; cancellation by the caller throws <see cref="OperationCanceledException"/> and leaves the session unusable.
/// </summary>
public sealed class SmtpClientSession : IAsyncDisposable
{
    /// <summary>Takes over an open connection; nothing is sent yet.</summary>
    /// <param name="transport">The connected stream; closed with the session.</param>
    /// <param name="helloName">Our fully qualified name or an address literal (RFC 5321 §4.1.1.1).</param>
    /// <param name="timeouts">The limit of each step.</param>
    /// <param name="clock">The clock of those limits.</param>
    public SmtpClientSession(Stream transport, string helloName, SmtpTimeouts timeouts, TimeProvider clock) =>
        throw new NotImplementedException();

    /// <summary>What the server offers now.</summary>
    public ServerCapabilities Capabilities => throw new NotImplementedException();

    /// <summary>The TLS stream once <see cref="StartTlsAsync"/> succeeded; null in clear.</summary>
    public SslStream? Tls => throw new NotImplementedException();

    /// <summary>Set once the session broke; no method may be called then but <see cref="DisposeAsync"/>.</summary>
    public SessionFault? Fault => throw new NotImplementedException();

    /// <summary>Reads the greeting and says EHLO, or HELO where EHLO is not known (RFC 5321 §3.2).</summary>
    public Task<StepResult> OpenAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>
    /// STARTTLS, the handshake, and EHLO again with all that was known forgotten (RFC 3207 §4.2). A refusal leaves the
    /// session in clear and usable.
    /// </summary>
    /// <param name="options">Server name, versions and the callback that judges the certificate.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<StepResult> StartTlsAsync(SslClientAuthenticationOptions options, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Sends one message: MAIL, RCPT and DATA in one group where the server pipelines (RFC 2920 §3.1).</summary>
    public Task<TransactionResult> SendAsync(OutgoingTransaction transaction, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>True when an idle session seems alive: nothing unasked for has arrived and the peer has not closed. Does not
    /// write to the wire.</summary>
    public bool IsIdleAndOpen() => throw new NotImplementedException();

    /// <summary>QUIT, its reply awaited for a short time (RFC 5321 §4.1.1.10). Never fails.</summary>
    public Task QuitAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
