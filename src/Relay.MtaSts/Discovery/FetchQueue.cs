using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Discovery;

/// <summary>
/// Fetches policies, so many at a time. Domains whose policy is remembered and those without one have places of their own: neither
/// crowd keeps the other waiting.
/// </summary>
internal sealed class FetchQueue(IPolicyFetcher fetcher, ILogger<FetchQueue> logger)
{
    // A message may go to a thousand domains, each with a policy host that hangs for a minute.
    private readonly FetchPlaces _firstContacts = new(places: 128, share: 16, maxWaiting: 10_000);
    private readonly FetchPlaces _refetches = new(places: 64, share: 32, maxWaiting: 10_000);

    /// <summary>Fetches a policy once; null when too many wait for a place.</summary>
    /// <param name="domain">The policy domain.</param>
    /// <param name="asker">On whose behalf: the message's queue id, or empty for the relay's own.</param>
    /// <param name="isFirstContact">No unexpired policy is remembered.</param>
    /// <param name="cancellationToken">The end of the program.</param>
    public async ValueTask<PolicyFetch?> FetchAsync(
        DomainName domain, string asker, bool isFirstContact, CancellationToken cancellationToken)
    {
        // Waiting is outside the time limit: a crowd of slow hosts must not make an honest one look dead.
        var places = isFirstContact ? _firstContacts : _refetches;
        if (!await places.EnterAsync(asker, cancellationToken))
        {
            return null;
        }

        try
        {
            return await fetcher.FetchAsync(domain, cancellationToken);
        }
#pragma warning disable CA1031 // A fault of ours that one host has found a way to must not cost the others, nor end a policy.
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.PolicyFaulted(domain.Value, fault.Message, fault);
            return PolicyResponse.FetchError("internal-error", fault.Message);
        }
        finally
        {
            places.Leave(asker);
        }
    }
}
