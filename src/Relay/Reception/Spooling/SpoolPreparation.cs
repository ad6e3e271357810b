using Microsoft.Extensions.Hosting;

namespace Relay.Reception.Spooling;

/// <summary>Clears the spool before the first listener opens.</summary>
internal sealed class SpoolPreparation(Spool spool) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        spool.Prepare();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
