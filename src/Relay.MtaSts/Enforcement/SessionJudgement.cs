using System.Diagnostics;
using Relay.Delivery;
using Relay.Delivery.Tls;
using Relay.MtaSts.Evidence;

namespace Relay.MtaSts.Enforcement;

/// <summary>Says in the words of reports what is wrong with a session (RFC 8460 §4.3.1, §4.3.3).</summary>
internal static class SessionJudgement
{
    /// <summary>The reason of an unlisted host in reports.</summary>
    public const string MxMismatch = "mx-mismatch";

    /// <summary>The reason of an unlisted host in logs and counters.</summary>
    public const string MxNotListed = "sts-mx-not-listed";

    private const string NoCertificate = "no-peer-certificate";

    private static readonly ObservedFailure[] Unlisted = [new(TlsResultType.ValidationFailure, MxMismatch)];

    /// <summary>The failure of a host whose name matches no pattern.</summary>
    public static IReadOnlyList<ObservedFailure> NotListed => Unlisted;

    /// <summary>Everything wrong with a session; empty when it is a success.</summary>
    /// <param name="session">The session.</param>
    /// <param name="applied">What it is judged by.</param>
    public static IReadOnlyList<ObservedFailure> Judge(TlsSessionRecord session, in EffectivePolicy applied)
    {
        // RFC 8460 §4.2.1: without a policy TLS is all one can ask for, whatever the certificate.
        var transport = FailureOf(session);
        if (!applied.Judges)
        {
            return transport is { } failure ? [failure] : [];
        }

        // RFC 8461 §4.1, §4.2: both the name of the host and its certificate are checked.
        var failures = new List<ObservedFailure>();
        if (!applied.Lists(session.Host.Name))
        {
            failures.Add(Unlisted[0]);
        }

        if (transport is { } broken)
        {
            failures.Add(broken);
        }
        else
        {
            AddCertificateFaults(failures, session);
        }

        return failures;
    }

    private static ObservedFailure? FailureOf(TlsSessionRecord session) => session.Result switch
    {
        TlsSessionResult.Established => null,

        // RFC 8460 §4.3.1: absent or refused, with 4yz or 5yz, is one type.
        TlsSessionResult.StartTlsNotOffered => new(TlsResultType.StartTlsNotSupported, session.Reason),
        TlsSessionResult.StartTlsRefused => new(TlsResultType.StartTlsNotSupported, session.Reason),

        // RFC 8460 §4.3.3: what has no type of its own is a validation failure; the reason tells more.
        TlsSessionResult.HandshakeFailed => new(TlsResultType.ValidationFailure, session.Reason),
        TlsSessionResult.PlaintextInjected => new(
            TlsResultType.ValidationFailure, session.Reason.Length > 0 ? session.Reason : "data-before-tls-handshake"),
        _ => throw new UnreachableException(),
    };

    // RFC 8460 §4.3.1: the faults of one certificate stand side by side.
    private static void AddCertificateFaults(List<ObservedFailure> failures, TlsSessionRecord session)
    {
        var verdict = session.Tls?.Verdict;
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
