using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Delivery.Routing;
using Relay.Mail;
using Relay.Smtp.Client;
using Relay.Tls;

namespace Relay.Delivery.Transport;

/// <summary>
/// Opens a session with an address of an MX host and brings TLS up as far as the host's requirement wants, leaving
/// evidence of each TLS session on the attempt. Clear is only ever the result of opportunism: with a demand there is
/// TLS or no session.
/// </summary>
internal sealed class ConnectionOpener(
    Dialer dialer,
    TlsClientPolicy tlsPolicy,
    DeliveryIdentity identity,
    IOptions<DeliveryOptions> options,
    TimeProvider clock,
    ILogger<ConnectionOpener> logger)
{
    private static readonly TimeSpan ClearLifetime = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan UnreachableLifetime = TimeSpan.FromMinutes(1);

    // RFC 5321 §4.5.4.1: dead addresses are remembered, so that queued messages do not each wait for the time-out.
    // Shorter than the first retry interval, so that every retry really tries.
    private readonly ExpiringCache<(IPAddress, int), string> _unreachable = new(10_000, UnreachableLifetime, clock);

    // Hosts whose handshake failed lately, with the reason: opportunistic sessions go straight to clear (RFC 7435 §3).
    private readonly ExpiringCache<PoolKey, string> _clear = new(10_000, ClearLifetime, clock);

    /// <summary>Opens a connection that meets the host's requirement.</summary>
    public async Task<OpenResult> OpenAsync(
        DeliveryAttempt attempt, MxHost host, PoolKey key, CancellationToken cancellationToken)
    {
        var task = new ConnectRequest(attempt, host, key);
        if (host.Requirement == TlsRequirement.Opportunistic && _clear.TryRecall(key, out var remembered))
        {
            return await OpenInClearAsync(task, remembered, isFirstUse: true, cancellationToken);
        }

        var greeted = await GreetAsync(task, cancellationToken);
        if (greeted.Connection is not { } connection)
        {
            return greeted;
        }

        var handedOver = false;
        try
        {
            var opened = await SecureAsync(task, connection, cancellationToken);
            if (opened.Connection is not null && host.Login is { } login)
            {
                opened = await LogInAsync(task, connection, login, cancellationToken);
            }

            handedOver = opened.Connection is not null;
            if (opened.Connection is null && opened.Failure is null)
            {
                // RFC 3207 §4: after a failed handshake the connection is of no use; clear takes a new one.
                return await OpenInClearAsync(task, connection.TlsReason, isFirstUse: false, cancellationToken);
            }

            return opened;
        }
        finally
        {
            if (!handedOver)
            {
                await connection.CloseAsync(cancellationToken);
            }
        }
    }

    private async Task<OpenResult> OpenInClearAsync(
        ConnectRequest task, string reason, bool isFirstUse, CancellationToken cancellationToken)
    {
        var greeted = await GreetAsync(task, cancellationToken);
        if (greeted.Connection is { } connection)
        {
            connection.TlsResult = TlsSessionResult.HandshakeFailed;
            connection.TlsReason = reason;
            task.Leave(connection, isFirstUse);
        }

        return greeted;
    }

    /// <summary>Connects, reads the greeting and says EHLO.</summary>
    private async Task<OpenResult> GreetAsync(ConnectRequest task, CancellationToken cancellationToken)
    {
        var target = (task.Key.Address, task.Key.Port);
        if (_unreachable.TryRecall(target, out var earlier))
        {
            return new(null, FailurePolicy.Unreachable(
                task.Hop(null), FailureReason.KnownUnreachable, $"not tried again yet: {earlier}"));
        }

        var dialed = await dialer.ConnectAsync(new IPEndPoint(task.Key.Address, task.Key.Port), cancellationToken);
        if (dialed.Socket is not { } socket)
        {
            _unreachable.Remember(target, dialed.Detail);
            return new(null, FailurePolicy.Unreachable(task.Hop(null), FailureReason.ConnectFailed, dialed.Detail));
        }

        var connection = Connection(task.Key, socket);
        var greeted = false;
        try
        {
            var step = await connection.Session.OpenAsync(cancellationToken);
            greeted = step.Succeeded;
            connection.Time = clock.GetUtcNow();
            connection.PeerHelloName = connection.Session.PeerHelloName;
            return greeted ? new(connection, null) : new(null, FailurePolicy.Unavailable(step, task.Hop(null)));
        }
        finally
        {
            if (!greeted)
            {
                await connection.CloseAsync(cancellationToken);
            }
        }
    }

#pragma warning disable CA2000 // The connection owns the session, the session the stream, the stream the socket.
    private HostConnection Connection(PoolKey key, Socket socket)
    {
        var local = ((IPEndPoint)socket.LocalEndPoint!).Address;
        // RFC 5321 §4.1.1.1, §4.1.4: who has no fully qualified name says the address that it comes from.
        var name = identity.HostName.Contains('.', StringComparison.Ordinal)
            ? identity.HostName
            : AddressLiteral.Of(local);
        var session = new SmtpClientSession(
            new NetworkStream(socket, ownsSocket: true), name, options.Value.Timeouts, clock);
        return new(key, session, local);
    }
#pragma warning restore CA2000

    /// <summary>STARTTLS and the judgement on it. Neither connection nor failure means: again, in clear.</summary>
    private async Task<OpenResult> SecureAsync(
        ConnectRequest task, HostConnection connection, CancellationToken cancellationToken)
    {
        if (!connection.Session.Capabilities.StartTls)
        {
            connection.TlsResult = TlsSessionResult.StartTlsNotOffered;
            connection.TlsReason = connection.Session.IsHelloPlain ? "ehlo-not-supported" : "starttls-not-offered";
            return Settle(task, connection, FailureReason.StartTlsMissing, "STARTTLS is not offered");
        }

        CertificateVerdict? verdict = null;
        var step = await connection.Session.StartTlsAsync(
            tlsPolicy.For(task.Host, formed => verdict = formed), cancellationToken);
        connection.Time = clock.GetUtcNow();
        if (step.Fault is { } fault && (fault.Stage < SmtpStage.Hello || IsTlsFault(fault) || verdict is null))
        {
            return HandshakeFailed(task, connection, fault);
        }

        if (connection.Session.Tls is not { } tls || verdict is null)
        {
            connection.TlsResult = TlsSessionResult.StartTlsRefused;
            connection.TlsReason = $"starttls-reply-{step.Reply?.Code}";
            return Settle(task, connection, FailureReason.StartTlsRefused, $"STARTTLS was refused: {step.Reply}");
        }

        connection.TlsResult = TlsSessionResult.Established;
        connection.TlsReason = verdict.Reason;
        connection.Tls = new TlsFacts(tls.SslProtocol, tls.NegotiatedCipherSuite, verdict);
        if (step.Succeeded)
        {
            connection.PeerHelloName = connection.Session.PeerHelloName;
            return Settle(
                task, connection, FailureReason.CertificateInvalid, $"its certificate is not valid: {verdict.Detail}");
        }

        // RFC 8460 §4.2.1: TLS itself was reached, whatever the server said inside.
        task.Leave(connection, isFirstUse: true);
        return new(null, FailurePolicy.Unavailable(step, task.Hop(connection.Tls)));
    }

    /// <summary>Authenticates, which only a verified certificate allows: the route demands one.</summary>
    private static async Task<OpenResult> LogInAsync(
        ConnectRequest task, HostConnection connection, RouteLogin login, CancellationToken cancellationToken)
    {
        var hop = task.Hop(connection.Tls);
        if (!connection.Satisfies(TlsRequirement.VerifiedPkix) || !connection.Session.Capabilities.AuthPlain)
        {
            return new(null, FailurePolicy.AuthFailed("it does not offer AUTH PLAIN, which the route's Login needs", hop));
        }

        if (!login.TryMakePlain(out var message, out var reason))
        {
            return new(null, FailurePolicy.AuthFailed($"password file {login.PasswordFile} cannot be used: {reason}", hop));
        }

        var step = await connection.Session.AuthenticatePlainAsync(message, cancellationToken);
        CryptographicOperations.ZeroMemory(message);
        return step.Succeeded ? new(connection, null)
            : step.Reply is { } reply ? new(null, FailurePolicy.AuthFailed($"it refuses the account {login.Name}: {reply}", hop, reply))
            : new(null, FailurePolicy.Unavailable(step, hop));
    }

    /// <summary>TLS went as far as it goes: is it enough?</summary>
    private OpenResult Settle(ConnectRequest task, HostConnection connection, string reason, string detail)
    {
        task.Leave(connection, isFirstUse: true);
        if (connection.Satisfies(task.Host.Requirement))
        {
            logger.ConnectionOpened(task.Attempt.QueueId, task.Host, task.Key.Address, connection.Tls?.Version);
            return new(connection, null);
        }

        // RFC 3207 §4.1: not enough security, so QUIT follows at once, from whoever closes the connection.
        var failure = FailurePolicy.TlsShortfall(reason, detail, task.Hop(connection.Tls));
        Warn(task, reason, detail);
        return new(null, failure);
    }

    private OpenResult HandshakeFailed(ConnectRequest task, HostConnection connection, SessionFault fault)
    {
        var injected = fault.Kind == SessionFaultKind.PlaintextInjected;
        var reason = injected ? FailureReason.PlaintextInjected : FailureReason.HandshakeFailed;
        connection.TlsResult = injected ? TlsSessionResult.PlaintextInjected : TlsSessionResult.HandshakeFailed;
        connection.TlsReason = fault.Reason;
        task.Leave(connection, isFirstUse: true, isUsable: false);
        Warn(task, connection.TlsReason, fault.Detail);
        if (task.Host.Requirement == TlsRequirement.Opportunistic && !injected)
        {
            _clear.Remember(task.Key, connection.TlsReason);
            return default;
        }

        // RFC 3207 §4.2: octets in clear behind the reply are an attack in progress; not even clear is offered to it.
        return new(null, FailurePolicy.TlsShortfall(reason, $"{reason}: {fault.Detail}", task.Hop(null)));
    }

    private void Warn(ConnectRequest task, string reason, string detail) => logger.TlsFailed(
        task.Attempt.QueueId, task.Host.ToString(), task.Address, task.Attempt.Destination.Key, reason, detail);

    // A late alert of TLS 1.3 arrives where EHLO's reply was due and undoes the handshake.
    private static bool IsTlsFault(SessionFault fault) =>
        fault.Kind is SessionFaultKind.HandshakeFailed or SessionFaultKind.PlaintextInjected;
}
