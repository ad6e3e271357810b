using Microsoft.Extensions.Hosting;

namespace Relay.MtaSts.Cache;

/// <summary>
/// Fetches every live policy again about once a day, whatever its record says, so that whoever blocks HTTPS has to do so for
/// the whole of <c>max_age</c> (RFC 8461 §10.2). Also has the store tended.
/// </summary>
internal sealed class PolicyRefresher(IPolicyCache cache, ResilientPolicyStore store, PolicyClock clock) : BackgroundService
{
    /// <summary>How often the refresher looks for policies that are due.</summary>
    public static readonly TimeSpan PassInterval = TimeSpan.FromMinutes(1);

    // One and a half million policies a day, and never more than a few connections at once.
    private const int MaxPerPass = 1_024;
    private const int MaxConcurrent = 8;

    /// <summary>One pass.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        await store.SaveUnsavedAsync(cancellationToken);
        var due = await store.ListDueAsync(clock.Now, clock.Now + clock.Options.RefreshInterval, MaxPerPass, cancellationToken);
        await Parallel.ForEachAsync(
            due,
            new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellationToken },
            async (domain, token) => await cache.GetFreshAsync(domain, token));
        await store.TendAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (clock.Options.Enabled && !stoppingToken.IsCancellationRequested)
            {
                await PassAsync(stoppingToken);
                await Task.Delay(PassInterval, clock.Time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program. The host would take it for a crash when another service failed to start.
        }
    }
}
