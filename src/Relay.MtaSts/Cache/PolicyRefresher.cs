using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Stores;

namespace Relay.MtaSts.Cache;

/// <summary>
/// Fetches every live policy that mail has use for again about once a day, whatever its record says, so that whoever blocks HTTPS has to do
/// so for the whole of <c>max_age</c> (RFC 8461 §10.2). Also writes what could not be written, and has the store tended.
/// </summary>
internal sealed class PolicyRefresher(
    IPolicyCache cache, ResilientPolicyStore store, PolicyClock clock, ILogger<PolicyRefresher> logger) : BackgroundService
{
    /// <summary>How often the refresher looks for policies that are due, and for what is unsaved.</summary>
    public static readonly TimeSpan PassInterval = TimeSpan.FromMinutes(1);

    // One and a half million policies a day.
    private const int MaxPerPass = 1_024;

    // A host that hangs holds its place for up to a minute. The names of the line and of those who failed the last time.
    private const string Healthy = "healthy";
    private const string Suspect = "suspect";
    private const int MaxStarted = 8_192;

    // Never more than a few connections at once, and some of them always for hosts that did not fail the last time.
    private readonly FetchPlaces _places = new(places: 32, share: 24, maxWaiting: MaxStarted);
    private readonly ConcurrentDictionary<DomainName, bool> _started = new();
    private readonly ConcurrentDictionary<DomainName, bool> _suspects = new();

    /// <summary>
    /// Starts the refresh of each policy that is due; they take their turns as places come free, and the slowest keeps nobody waiting but
    /// its like. Ends with a task that ends with the last of those started.
    /// </summary>
    public async Task<Task> StartDueAsync(CancellationToken cancellationToken)
    {
        // Those under way are still due in the store, and the most overdue.
        var room = Math.Min(MaxPerPass, MaxStarted - _started.Count);
        var due = await store.ListDueAsync(
            clock.Now, clock.Now + clock.Options.RefreshInterval, room + _started.Count, cancellationToken);
        return Task.WhenAll([.. due.Where(domain => !_started.ContainsKey(domain)).Take(room).Select(domain => RefreshAsync(domain, cancellationToken))]);
    }

    /// <summary>Writes what could not be written when it was fetched, and has the store tended.</summary>
    public async Task TidyAsync(CancellationToken cancellationToken)
    {
        await store.SaveUnsavedAsync(cancellationToken);
        await store.TendAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (clock.Options.Enabled)
        {
            await Task.WhenAll(RepeatAsync(StartDueAsync, stoppingToken), RepeatAsync(TidyAsync, stoppingToken));
        }
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> pass, CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await pass(stoppingToken);
                }
#pragma warning disable CA1031 // A fault of ours costs a pass, not the relay: a service that ends in an exception stops the program.
                catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    logger.PolicyFaulted(null, fault.Message, fault);
                }

                await Task.Delay(PassInterval, clock.Time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program. The host would take it for a crash when another service failed to start.
        }
    }

    private async Task RefreshAsync(DomainName domain, CancellationToken cancellationToken)
    {
        if (!_started.TryAdd(domain, true))
        {
            return;
        }

        var line = _suspects.ContainsKey(domain) ? Suspect : Healthy;
        try
        {
            if (await _places.EnterAsync(line, cancellationToken))
            {
                try
                {
                    await RefreshInPlaceAsync(domain, cancellationToken);
                }
                finally
                {
                    _places.Leave(line);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end of the program.
        }
        finally
        {
            _started.TryRemove(domain, out _);
        }
    }

    private async Task RefreshInPlaceAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var began = clock.Now;
        try
        {
            var decision = await cache.GetFreshAsync(domain, cancellationToken);
            Note(domain, isGood: decision is not PolicyDecision.Applies { Policy: var policy } || policy.FetchedAt >= began);
        }
#pragma warning disable CA1031 // The fault that one domain has found a way to must not keep the others' policies from being refreshed.
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.PolicyFaulted(domain.Value, fault.Message, fault);
            Note(domain, isGood: false);
            await store.PostponeAsync(domain, clock.Now + PolicyClock.LongestBackOff, cancellationToken);
        }
    }

    private void Note(DomainName domain, bool isGood)
    {
        if (isGood)
        {
            _suspects.TryRemove(domain, out _);
        }
        else
        {
            _suspects[domain] = true;
        }
    }
}
