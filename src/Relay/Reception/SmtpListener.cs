using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Relay.Configuration;
using Relay.Smtp.Server;
using Relay.Submission;

namespace Relay.Reception;

/// <summary>Carries the connections of one listener: counts them in and runs an SMTP session on each.</summary>
internal sealed class SmtpListener
{
    // A client that hangs in the middle of a message is not waited for longer, so that deliveries under way keep the greater
    // part of the time that the program has to stop.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(20);

    // For the last replies to reach a client once its session is over.
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(15);

    private readonly ConnectionLimiter _limiter;
    private readonly SmtpServerDependencies _session;
    private readonly ILogger _logger;

    public SmtpListener(
        ListenerOptions listener,
        ReceptionDependencies services,
        ReceptionLimits limits,
        ServerCertificate certificate,
        SubmissionDependencies submission)
    {
        var relay = services.Options;
        _limiter = limits.Connections;
        _logger = limits.Logger;
        var options = new SmtpServerOptions
        {
            HostName = relay.HostName,
            MaxMessageBytes = relay.MaxMessageBytes,
            MaxRecipients = relay.MaxRecipients,
            Certificate = listener.Tls != ListenerTls.None && certificate.IsAvailable ? () => certificate.Current! : null,
            ImplicitTls = listener.Tls == ListenerTls.Implicit,
            CommandTimeout = relay.Sessions.CommandTimeout,
            BlockTimeout = relay.Sessions.BlockTimeout,
            HandshakeTimeout = relay.Sessions.HandshakeTimeout,
            MaxTimeWithoutMessage = relay.Sessions.MaxTimeWithoutMessage,
            ContentGrace = relay.Sessions.ContentGrace,
            MinOctetsPerSecond = relay.Sessions.MinOctetsPerSecond,
            MaxContentTime = relay.Sessions.MaxContentTime,
            MaxCommands = relay.Sessions.MaxCommands,
            MaxErrors = relay.Sessions.MaxErrors,
            // RFC 8314 §4.1, RFC 3207 §4: who must authenticate must do so inside TLS, and mail in clear is not taken before.
            RequireTls = listener.RequireAuth,
        };
        _session = new SmtpServerDependencies(
            options,
            limits.Guard(new RelayPolicy(TrustedNetworks.From(relay), listener.RequireAuth, submission, _logger)),
            new MessageReception(services, listener.IsSubmission),
            services.Clock,
            _logger)
        {
            Authenticator = submission.Authenticator,
        };
    }

    /// <summary>Serves one connection until it ends.</summary>
    public async Task ServeAsync(ConnectionContext connection)
    {
        var remote = EndPoint(connection.RemoteEndPoint);
        if (_limiter.Enter(remote.Address) is var admission && admission != ConnectionAdmission.Admitted)
        {
            await TurnAwayAsync(connection, remote.Address, admission);
            return;
        }

        try
        {
            var facts = new SessionFacts(remote, EndPoint(connection.LocalEndPoint));
            var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
                ?? CancellationToken.None;
            // Not connection.ConnectionClosed: it fires when the client has finished sending, and a commit under way must not be
            // given up then. A lost or aborted connection shows in the pipe.
            using var abort = new CancellationTokenSource();
            await using var grace = _session.Clock.CreateTimer(
                static source => ((CancellationTokenSource)source!).Cancel(), abort, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            await using var onStop = stopping.UnsafeRegister(
                static timer => ((ITimer)timer!).Change(StopGrace, Timeout.InfiniteTimeSpan), grace);
            await SmtpServerSession.RunAsync(connection.Transport, facts, _session, stopping, abort.Token);
            await CloseAsync(connection);
        }
        finally
        {
            _limiter.Leave(remote.Address);
        }
    }

    // The last replies still go out, to a client that reads. To one that does not they would go out for ever: the session is
    // over, and no limit of it applies any more.
    private async Task CloseAsync(ConnectionContext connection)
    {
        var isHalfClosed = connection.ConnectionClosed.IsCancellationRequested;
        if (isHalfClosed)
        {
            // Whether the client that has closed its side takes the rest cannot be seen; it has its time, and holds no place.
            _ = AbortLaterAsync(connection, CancellationToken.None);
            return;
        }

        await AbortLaterAsync(connection, connection.ConnectionClosed);
    }

    private async Task AbortLaterAsync(ConnectionContext connection, CancellationToken closed)
    {
        await Task.Delay(CloseGrace, _session.Clock, closed).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!closed.IsCancellationRequested)
        {
            connection.Abort();
        }
    }

    private static IPEndPoint EndPoint(EndPoint? endPoint) => endPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);

    private async Task TurnAwayAsync(ConnectionContext connection, IPAddress client, ConnectionAdmission admission)
    {
        var (reason, limit, reply) = admission switch
        {
            ConnectionAdmission.TooManyFromAddress => (
                "too-many-connections-from-address",
                _limiter.LimitPerAddress,
                "421 4.7.0 Too many connections from your address; close one first\r\n"u8.ToArray()),
            ConnectionAdmission.TooManyFromNetwork => (
                "too-many-connections-from-network",
                _limiter.LimitPerNetwork,
                "421 4.7.0 Too many connections from your network; try again later\r\n"u8.ToArray()),
            _ => (
                "too-many-connections",
                _limiter.Limit,
                "421 4.3.2 Too many connections; try again later\r\n"u8.ToArray()),
        };
        _logger.ConnectionRefused(client, reason, limit);
        await connection.Transport.Output.WriteAsync(reply, connection.ConnectionClosed);
    }
}
