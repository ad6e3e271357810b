using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.Tls;

namespace Relay.MtaSts.Enforcement;

/// <summary>What one attempt is held to, and what that says of a host and of a session with it.</summary>
/// <param name="Domain">The policy domain.</param>
/// <param name="Policy">The policy; null for none.</param>
/// <param name="Mode">The mode that holds, after the operator's own word.</param>
internal readonly record struct EffectivePolicy(DomainName Domain, CachedPolicy? Policy, PolicyMode Mode)
{
    /// <summary>The reason of an unlisted host in reports.</summary>
    public const string MxMismatch = "mx-mismatch";

    /// <summary>The reason of an unlisted host in logs and counters.</summary>
    public const string MxNotListed = "sts-mx-not-listed";

    private const string NoCertificate = "no-peer-certificate";

    private static readonly ObservedFailure[] Unlisted = [new(TlsResultType.ValidationFailure, MxMismatch)];

    /// <summary>The failure of a host whose name matches no pattern.</summary>
    public static IReadOnlyList<ObservedFailure> NotListed => Unlisted;

    /// <summary>The domain announces a policy that cannot be had, and none is at hand.</summary>
    public bool IsUnavailable { get; init; }

    /// <summary>
    /// Sessions are judged by a policy, whether or not it decides (RFC 8461 §5, enforce and testing). Mode none, and a domain whose
    /// policy the operator has switched off, count as no policy (§5, §6).
    /// </summary>
    public bool Judges => Policy is not null && Mode is PolicyMode.Enforce or PolicyMode.Testing;

    /// <summary>The policy lists the host (RFC 8461 §4.1). Asked only where a policy judges.</summary>
    public bool Lists(DomainName host) => Policy is not null && Policy.Policy.Lists(host);

    /// <summary>The pattern that lists the host; null for none.</summary>
    public MxPattern? PatternOf(DomainName host) =>
        Policy is not null && Policy.Policy.TryMatch(host, out var pattern) ? pattern : null;

    /// <summary>The policy as reports tell of it. Asked only where a policy judges.</summary>
    public ObservedPolicy Observed => Policy!.Policy.Observed;

    /// <summary>Everything wrong with a session, in the words of reports; empty when it is a success. Asked only where a policy judges.</summary>
    public IReadOnlyList<ObservedFailure> FailuresOf(TlsSessionRecord session)
    {
        // RFC 8461 §4.1, §4.2: both the name of the host and its certificate are checked.
        var isListed = Lists(session.Host.Name);
        if (isListed && session.Tls is { Verdict.IsVerified: true } && session.Result == TlsSessionResult.Established)
        {
            return [];
        }

        var failures = new List<ObservedFailure>();
        if (!isListed)
        {
            failures.Add(Unlisted[0]);
        }

        if (SessionFailures.OfTransport(session) is { } broken)
        {
            failures.Add(broken);
        }
        else
        {
            AddCertificateFaults(failures, session.Tls?.Verdict);
        }

        return failures;
    }

    // RFC 8460 §4.3.1: the faults of one certificate stand side by side.
    private static void AddCertificateFaults(List<ObservedFailure> failures, CertificateVerdict? verdict)
    {
        if (verdict is null or { Reason: NoCertificate })
        {
            // RFC 8460 §4.3.3: no type of its own, and no certificate that could have a fault.
            failures.Add(new(TlsResultType.ValidationFailure, NoCertificate));
            return;
        }

        var faults = verdict.Faults;
        if (faults.HasFlag(CertificateFaults.Expired))
        {
            failures.Add(new(TlsResultType.CertificateExpired, string.Empty));
        }

        if (faults.HasFlag(CertificateFaults.HostMismatch))
        {
            failures.Add(new(TlsResultType.CertificateHostMismatch, string.Empty));
        }

        if (faults.HasFlag(CertificateFaults.NotTrusted))
        {
            failures.Add(new(TlsResultType.CertificateNotTrusted, verdict.Reason));
        }
    }
}
