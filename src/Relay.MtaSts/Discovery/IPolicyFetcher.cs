using System.Net;
using Relay.Mail;

namespace Relay.MtaSts.Discovery;

/// <summary>Fetches policies from where their domains publish them.</summary>
public interface IPolicyFetcher
{
    /// <summary>
    /// Fetches the policy of a domain once, within <see cref="MtaStsOptions.FetchTimeout"/>. Every failure is a value;
    /// throws only <see cref="OperationCanceledException"/> when the caller cancels.
    /// </summary>
    ValueTask<PolicyFetch> FetchAsync(DomainName domain, CancellationToken cancellationToken);

    /// <summary>As <see cref="FetchAsync"/>, from one address of the policy host: for who looks for the one that fails.</summary>
    ValueTask<PolicyFetch> FetchFromAsync(DomainName domain, IPAddress address, CancellationToken cancellationToken);
}
