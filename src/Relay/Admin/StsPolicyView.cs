using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.Admin;

/// <summary>A remembered policy, for people and for <c>--json</c>.</summary>
internal sealed record StsPolicyView(
    string Domain,
    string Id,
    PolicyMode Mode,
    IReadOnlyList<string> Mx,
    long MaxAgeSeconds,
    DateTimeOffset FetchedAt,
    DateTimeOffset ExpiresAt,
    bool Expired,
    string Text)
{
    public static StsPolicyView Of(CachedPolicy policy, DateTimeOffset now) => new(
        policy.Domain.Value,
        policy.Id,
        policy.Policy.Mode,
        [.. policy.Policy.MxPatterns.Select(pattern => pattern.ToString())],
        (long)policy.Policy.MaxAge.TotalSeconds,
        policy.FetchedAt,
        policy.ExpiresAt,
        policy.ExpiresAt <= now,
        policy.Policy.Text);
}
