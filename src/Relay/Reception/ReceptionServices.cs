using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Reception.Spooling;
using Relay.Submission;

namespace Relay.Reception;

/// <summary>Registers reception and opens its listeners in Kestrel.</summary>
internal static class ReceptionServices
{
    // A session needs what one command or one block of content takes; 5,000 of them must not fill the memory.
    private const int ConnectionBufferOctets = 64 * 1024;

    public static IServiceCollection AddReception(this IServiceCollection services)
    {
        services.AddSingleton<Spool>();
        services.AddSingleton<ReceptionDependencies>();
        services.AddSingleton<ConnectionLimiter>();
        services.AddSingleton<ReceptionLimits>();
        services.AddSingleton<ServerCertificate>();
        services.AddHostedService<SpoolPreparation>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ListenerSetup>();
        services.Configure<SocketTransportOptions>(transport =>
        {
            transport.MaxReadBufferSize = ConnectionBufferOctets;
            transport.MaxWriteBufferSize = ConnectionBufferOctets;
        });
        return services;
    }

    private sealed class ListenerSetup(
        IOptions<RelayOptions> options,
        ReceptionDependencies services,
        ReceptionLimits limits,
        ServerCertificate certificate,
        SubmissionDependencies submission) : IConfigureOptions<KestrelServerOptions>
    {
        private static readonly ListenerOptions[] Default = [new()];

        public void Configure(KestrelServerOptions kestrel)
        {
            foreach (var listener in options.Value.Listeners ?? Default)
            {
                if (listener.TryGetEndPoint(out var endPoint))
                {
                    var smtp = new SmtpListener(listener, services, limits, certificate, submission);
                    kestrel.Listen(endPoint, connections => connections.Run(smtp.ServeAsync));
                }
            }
        }
    }
}
