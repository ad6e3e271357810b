using Microsoft.Extensions.Hosting;

namespace Relay.MtaSts.Stores;

/// <summary>Opens the store before mail comes in: one of a newer version ends the start.</summary>
internal sealed class PolicyStoreStart(GuardedPolicyStore store, PolicyClock clock) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (clock.Options.Enabled)
        {
            store.RequireKnownVersion();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
