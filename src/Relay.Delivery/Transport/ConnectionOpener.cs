using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Relay.Delivery.Routing;
using Relay.Smtp.Client;
using Relay.Tls;

namespace Relay.Delivery.Transport;

/// <summary>
/// Opens a session with an address of an MX host and brings TLS up as far as the host's requirement wants, leaving
/// the record of each TLS session on the attempt. Clear is only ever the result of opportunism: with a demand there is
/// TLS or no session.
/// </summary>
internal sealed class ConnectionOpener(
    SessionOpener sessions, TlsClientPolicy tlsPolicy, TlsFallback fallback, ILogger<ConnectionOpener> logger)
{
    /// <summary>Opens a connection that meets the host's requirement.</summary>
    public async Task<OpenResult> OpenAsync(
        DeliveryAttempt attempt, MxHost host, PoolKey key, CancellationToken cancellationToken)
    {
        var task = new ConnectRequest(attempt, host, key);
        if (host.Requirement == TlsRequirement.Opportunistic && fallback.Recall(key) is { } remembered)
        {
            return await fallback.OpenAsync(task, remembered, isFirstUse: true, cancellationToken);
        }

        var opened = await sessions.OpenAsync(task, cancellationToken);
        if (opened.Connection is not { } connection)
        {
            return opened;
        }

        TlsFallbackStep? left = null;
        var handedOver = false;
        try
        {
            opened = await SecureAsync(task, connection, cancellationToken);
            if (opened.Connection is not null && host.Login is { } login)
            {
                opened = await LogInAsync(task, connection, login, cancellationToken);
            }

            handedOver = opened.Connection is not null;
            if (opened is { Connection: null, Failure: null })
            {
                left = fallback.Begin(key, connection.Session.Fault!);
            }
        }
        finally
        {
            if (!handedOver)
            {
                await connection.CloseAsync(cancellationToken);
            }
        }

        // RFC 3207 §4: after a failed handshake the connection is of no use; what follows takes a new one.
        return left is { } step ? await fallback.OpenAsync(task, step, isFirstUse: false, cancellationToken) : opened;
    }

    /// <summary>STARTTLS and the judgement on it. Neither connection nor failure means: again, with less.</summary>
    private async Task<OpenResult> SecureAsync(
        ConnectRequest task, HostConnection connection, CancellationToken cancellationToken)
    {
        if (!connection.Session.Capabilities.StartTls)
        {
            connection.TlsResult = TlsSessionResult.StartTlsNotOffered;
            connection.TlsReason = connection.Session.IsHelloPlain ? "ehlo-not-supported" : "starttls-not-offered";
            return Settle(task, connection, FailureReason.StartTlsMissing, "STARTTLS is not offered");
        }

        var (step, fault) = await tlsPolicy.UpgradeAsync(connection, task.Host, TlsOffer.Sound, cancellationToken);
        if (fault is not null)
        {
            return HandshakeFailed(task, connection, fault);
        }

        if (connection.Tls is not { Verdict: var verdict })
        {
            connection.TlsResult = TlsSessionResult.StartTlsRefused;
            connection.TlsReason = $"starttls-reply-{step.Reply?.Code}";
            return Settle(task, connection, FailureReason.StartTlsRefused, $"STARTTLS was refused: {step.Reply}");
        }

        connection.TlsResult = TlsSessionResult.Established;
        connection.TlsReason = verdict.Reason;
        if (step.Succeeded)
        {
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
        logger.TlsFailed(task, reason, detail);
        return new(null, failure);
    }

    private OpenResult HandshakeFailed(ConnectRequest task, HostConnection connection, SessionFault fault)
    {
        var injected = fault.Kind == SessionFaultKind.PlaintextInjected;
        var reason = injected ? FailureReason.PlaintextInjected : FailureReason.HandshakeFailed;
        connection.TlsResult = injected ? TlsSessionResult.PlaintextInjected : TlsSessionResult.HandshakeFailed;
        connection.TlsReason = fault.Reason;
        task.Leave(connection, isFirstUse: true, isUsable: false);
        logger.TlsFailed(task, connection.TlsReason, fault.Detail);
        if (task.Host.Requirement == TlsRequirement.Opportunistic && !injected)
        {
            return default;
        }

        // RFC 3207 §4.2: octets in clear behind the reply are an attack in progress; not even clear is offered to it.
        return new(null, FailurePolicy.TlsShortfall(reason, $"{reason}: {fault.Detail}", task.Hop(null)));
    }
}
