using Microsoft.Extensions.Logging;
using Relay.Smtp.Client;

namespace Relay.Delivery.Transport;

/// <summary>
/// What follows a failed handshake with a host of which nothing is demanded (RFC 7435 §3), each on a connection of its own
/// (RFC 3207 §4): the lenient offer, then clear text. What was found is remembered, so that the next message does not begin with
/// the same failure. The first handshake is what the session records tell: a host that needs this would fail under a policy.
/// </summary>
internal sealed class TlsFallback(
    SessionOpener sessions, TlsClientPolicy tlsPolicy, TimeProvider clock, ILogger<TlsFallback> logger)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private readonly ExpiringCache<PoolKey, TlsFallbackStep> _steps = new(10_000, Lifetime, clock);

    /// <summary>Where to begin with a host whose handshake failed lately; null for any other.</summary>
    public TlsFallbackStep? Recall(PoolKey key) => _steps.TryRecall(key, out var step) ? step : null;

    /// <summary>The first handshake has failed.</summary>
    public TlsFallbackStep Begin(PoolKey key, SessionFault fault)
    {
        // Another hello helps where a hello was refused, not where nobody answered it.
        var step = new TlsFallbackStep(fault.Reason, IsClear: fault.Stage != SmtpStage.Handshake || fault.IsTimeout);
        _steps.Remember(key, step);
        return step;
    }

    /// <summary>Opens a connection in the way that is left.</summary>
    /// <param name="request">For whom.</param>
    /// <param name="step">Where to begin.</param>
    /// <param name="isFirstUse">False where a record of the failed handshake counts this session already.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<OpenResult> OpenAsync(
        ConnectRequest request, TlsFallbackStep step, bool isFirstUse, CancellationToken cancellationToken)
    {
        var opened = await sessions.OpenAsync(request, cancellationToken);
        if (opened.Connection is not { } connection)
        {
            return opened;
        }

        connection.TlsResult = TlsSessionResult.HandshakeFailed;
        connection.TlsReason = step.Reason;
        var handedOver = false;
        try
        {
            if (!step.IsClear && connection.Session.Capabilities.StartTls)
            {
                opened = await SecureAsync(request, connection, cancellationToken);
            }

            handedOver = opened.Connection is not null;
            if (handedOver)
            {
                request.Leave(connection, isFirstUse);
                logger.ConnectionOpened(request.Attempt.QueueId, request.Host, request.Key.Address, connection.Tls?.Version);
            }
        }
        finally
        {
            if (!handedOver)
            {
                await connection.CloseAsync(cancellationToken);
            }
        }

        return opened is { Connection: null, Failure: null }
            ? await OpenAsync(request, step with { IsClear = true }, isFirstUse, cancellationToken)
            : opened;
    }

    /// <summary>Neither connection nor failure means: again, in clear.</summary>
    private async Task<OpenResult> SecureAsync(
        ConnectRequest request, HostConnection connection, CancellationToken cancellationToken)
    {
        connection.IsLenient = true;
        var (step, fault) = await tlsPolicy.UpgradeAsync(connection, request.Host, tlsPolicy.Lenient, cancellationToken);
        if (fault is { Kind: SessionFaultKind.PlaintextInjected })
        {
            logger.TlsFailed(request, fault.Reason, fault.Detail);
            return new(null, FailurePolicy.TlsShortfall(FailureReason.PlaintextInjected, fault.Detail, request.Hop(null)));
        }

        if (fault is not null)
        {
            logger.TlsFailed(request, fault.Reason, $"also with older cipher suites: {fault.Detail}");
            _steps.Remember(request.Key, new TlsFallbackStep(connection.TlsReason, IsClear: true));
            return default;
        }

        // RFC 3207 §4: STARTTLS refused this time leaves a connection in clear.
        return step.Succeeded || connection.Tls is null
            ? new(connection, null)
            : new(null, FailurePolicy.Unavailable(step, request.Hop(connection.Tls)));
    }
}
