using Relay.Mail;

namespace Relay.TlsRpt.Ledger;

/// <summary>All that was counted for one policy domain on one UTC day.</summary>
internal sealed record DayCounts(DateOnly Day, DomainName Domain, IReadOnlyList<PolicyCounts> Policies)
{
    public long Succeeded => Policies.Sum(policy => policy.Succeeded);

    public long Failed => Policies.Sum(policy => policy.Failed);

    /// <summary>Something went wrong, in a session or in looking for the policy.</summary>
    public bool HasFailures => Policies.Any(policy => policy.Failed > 0 || policy.Failures.Count > 0);
}
