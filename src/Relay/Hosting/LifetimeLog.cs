using System.Reflection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Hosting;

/// <summary>
/// Says when the relay takes mail, when it stops taking it and when it has ended: the first and the last words of a
/// log. Registered before every other service, so that it starts first and stops last.
/// </summary>
internal sealed class LifetimeLog(
    IOptions<RelayOptions> options,
    IServer server,
    IHostApplicationLifetime lifetime,
    ILogger<LifetimeLog> logger) : IHostedService
{
    private readonly RelayOptions _options = options.Value;

    /// <summary>The version of this build.</summary>
    public static string Version =>
        typeof(LifetimeLog).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!_options.HostName.Contains('.', StringComparison.Ordinal))
        {
            // RFC 5321 §4.1.1.1 and §2.3.5: receivers refuse a name that is not fully qualified.
            logger.HostNameNotQualified(
                _options.HostName, "other mail servers expect a fully qualified name; set Relay:HostName");
        }

        foreach (var warning in ConfigurationWarnings.Of(_options))
        {
            logger.Warned(warning);
        }

        lifetime.ApplicationStarted.Register(LogStarted);
        lifetime.ApplicationStopping.Register(() => logger.Stopping(_options.HostName));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        logger.Stopped(_options.HostName);
        return Task.CompletedTask;
    }

    // The admin socket is not a place where mail is taken.
    private static bool IsTcp(string address) => !address.Contains("unix:", StringComparison.Ordinal);

    private void LogStarted()
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        logger.Started(
            Version,
            _options.HostName,
            string.Join(',', addresses.Where(IsTcp).Select(address => address[(address.LastIndexOf('/') + 1)..])),
            Path.GetFullPath(_options.DataDirectory),
            Environment.ProcessId);
    }
}
