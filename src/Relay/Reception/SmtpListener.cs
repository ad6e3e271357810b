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

    private readonly ConnectionLimiter _limiter;
    private readonly SmtpServerServices _session;
    private readonly ILogger _logger;

    public SmtpListener(
        ListenerOptions listener,
        ReceptionServices services,
        ConnectionLimiter limiter,
        ServerCertificate certificate,
        SubmissionServices submission)
    {
        var relay = services.Options;
        _limiter = limiter;
        _logger = services.Logger;
        var options = new SmtpServerOptions
        {
            HostName = relay.HostName,
            MaxMessageBytes = relay.MaxMessageBytes,
            MaxRecipients = relay.MaxRecipients,
            Certificate = listener.Tls != ListenerTls.None && certificate.IsAvailable ? () => certificate.Current! : null,
            ImplicitTls = listener.Tls == ListenerTls.Implicit,
            // RFC 8314 §4.1, RFC 3207 §4: who must authenticate must do so inside TLS, and mail in clear is not taken before.
            RequireTls = listener.RequireAuth,
        };
        _session = new SmtpServerServices(
            options,
            new RelayPolicy(TrustedNetworks.From(relay), listener.RequireAuth, submission, _logger),
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
        try
        {
            if (_limiter.Enter(remote.Address) is var admission && admission != ConnectionAdmission.Admitted)
            {
                await TurnAwayAsync(connection, remote.Address, admission);
                return;
            }

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
        }
        finally
        {
            _limiter.Leave(remote.Address);
        }
    }

    private static IPEndPoint EndPoint(EndPoint? endPoint) => endPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);

    private async Task TurnAwayAsync(ConnectionContext connection, IPAddress client, ConnectionAdmission admission)
    {
        var (reason, limit, reply) = admission == ConnectionAdmission.TooMany
            ? ("too-many-connections", _limiter.Limit, "421 4.3.2 Too many connections; try again later\r\n"u8.ToArray())
            : ("too-many-connections-from-address",
                _limiter.LimitPerAddress,
                "421 4.7.0 Too many connections from your address; close one first\r\n"u8.ToArray());
        _logger.ConnectionRefused(client, reason, limit);
        await connection.Transport.Output.WriteAsync(reply, connection.ConnectionClosed);
    }
}
