using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>A policy that was fetched and is remembered (RFC 8461 §3.2, §5.1).</summary>
/// <param name="Domain">The policy domain.</param>
/// <param name="Id">The record's id at the time of the fetch; only compared for equality.</param>
/// <param name="Policy">The policy.</param>
/// <param name="FetchedAt">When it was last fetched by HTTPS, UTC.</param>
public sealed record CachedPolicy(DomainName Domain, string Id, StsPolicy Policy, DateTimeOffset FetchedAt)
{
    /// <summary>When it ends: <c>max_age</c> after the last fetch; nothing else moves it (RFC 8461 §3.2).</summary>
    public DateTimeOffset ExpiresAt => FetchedAt + Policy.MaxAge;
}
