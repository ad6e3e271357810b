using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Relay.Reception;

namespace Relay.Hosting;

/// <summary>
/// SIGHUP, by custom "read your files again": the certificate is read at once, in place of at the next handshake, and the
/// log says what came of it. Without a handler the signal would end the relay.
/// </summary>
/// <param name="certificate">What is read again.</param>
/// <param name="logger">Told when it is done.</param>
/// <param name="systemd">Told that a reload runs; null when systemd did not start the relay.</param>
internal sealed class ReloadOnHangup(
    ServerCertificate certificate, ILogger<ReloadOnHangup> logger, ISystemdNotifier? systemd = null) : IHostedService, IDisposable
{
    private static readonly ServiceState Reloading = new("RELOADING=1");

    private PosixSignalRegistration? _registration;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            Reload();
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _registration?.Dispose();

    private void Reload()
    {
        systemd?.Notify(Reloading);
        certificate.Reload();
        logger.Reloaded();
        systemd?.Notify(ServiceState.Ready);
    }
}
