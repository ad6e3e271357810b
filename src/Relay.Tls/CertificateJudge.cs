using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Relay.Mail;

namespace Relay.Tls;

/// <summary>
/// Forms the verdict on a certificate from the chain that the TLS stack built. Names are ours to compare, for the stack
/// falls back to the common name. Faults stand side by side (RFC 8460 §4.3.1): an expired certificate of another host
/// has two.
/// </summary>
public static class CertificateJudge
{
    private const int MaxNamesInDetail = 5;

    /// <summary>Judges a certificate for a host.</summary>
    /// <param name="leaf">What the server showed; null when it showed none.</param>
    /// <param name="chain">Built for the leaf, whether or not that succeeded.</param>
    /// <param name="host">The name it must bear.</param>
    /// <param name="now">The time at which the chain was judged.</param>
    public static CertificateVerdict Judge(
        X509Certificate2? leaf, X509Chain? chain, DomainName host, DateTimeOffset now)
    {
        if (leaf is null || chain is null)
        {
            return new(CertificateFaults.NotTrusted | CertificateFaults.HostMismatch, "the server sent no certificate")
            {
                Reason = "no-peer-certificate",
            };
        }

        var names = CertificateNames.Of(leaf);
        var mismatch = !names.Any(name => CertificateNames.Matches(name, host));
        var expired = leaf.NotAfter.ToUniversalTime() < now.UtcDateTime;
        var chainReason = ChainReason(leaf, chain, now);
        if (!mismatch && !expired && chainReason is null)
        {
            return CertificateVerdict.Verified;
        }

        var faults = (mismatch ? CertificateFaults.HostMismatch : 0)
            | (expired ? CertificateFaults.Expired : 0)
            | (chainReason is not null ? CertificateFaults.NotTrusted : 0);
        return new(faults, Explain(leaf, names, faults, chainReason)) { Reason = chainReason ?? string.Empty };
    }

    /// <summary>
    /// The first thing wrong with the chain besides the leaf's end of validity; null when nothing is.
    /// </summary>
    private static string? ChainReason(X509Certificate2 leaf, X509Chain chain, DateTimeOffset now)
    {
        // A chain that has no elements has proved nothing, whatever else it says.
        var status = chain.ChainElements.Count == 0 ? X509ChainStatusFlags.PartialChain : X509ChainStatusFlags.NoError;
        foreach (var fault in chain.ChainStatus)
        {
            // Of time the elements tell, for it matters whose is over.
            status |= fault.Status & ~X509ChainStatusFlags.NotTimeValid;
        }

        for (var depth = 0; depth < chain.ChainElements.Count; depth++)
        {
            var element = chain.ChainElements[depth];
            foreach (var fault in element.ChainElementStatus)
            {
                if (fault.Status != X509ChainStatusFlags.NotTimeValid)
                {
                    status |= fault.Status;
                }
                else if (depth > 0)
                {
                    return "issuer-expired";
                }
                else if (leaf.NotBefore.ToUniversalTime() > now.UtcDateTime)
                {
                    // RFC 8460 §4.3.1: expired means the end of validity; a start that lies ahead is a matter of trust.
                    return "certificate-not-yet-valid";
                }
            }
        }

        return Reason(status, chain)
            ?? (KeyUsage.AllowsServer(leaf) ? null : "invalid-key-usage")
            ?? (chain.ChainElements.Any(SignatureStrength.IsWeak) ? "weak-signature-or-key" : null);
    }

    private static string? Reason(X509ChainStatusFlags status, X509Chain chain)
    {
        const X509ChainStatusFlags NameConstraints = X509ChainStatusFlags.HasExcludedNameConstraint
            | X509ChainStatusFlags.HasNotDefinedNameConstraint | X509ChainStatusFlags.HasNotPermittedNameConstraint
            | X509ChainStatusFlags.HasNotSupportedNameConstraint | X509ChainStatusFlags.InvalidNameConstraints;

        // RFC 8461 §4.2, §10.5: revocation is not asked for, so that not knowing it is no fault.
        status &= ~(X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation);
        return status switch
        {
            X509ChainStatusFlags.NoError => null,
            _ when status.HasFlag(X509ChainStatusFlags.NotSignatureValid) => "bad-signature",
            _ when status.HasFlag(X509ChainStatusFlags.NotValidForUsage) => "invalid-key-usage",
            _ when (status & NameConstraints) != 0 => "name-constraint-violation",
            _ when status.HasFlag(X509ChainStatusFlags.PartialChain) => "incomplete-chain",
            _ when status.HasFlag(X509ChainStatusFlags.UntrustedRoot) && chain.ChainElements.Count == 1 =>
                "self-signed-certificate",
            _ when status.HasFlag(X509ChainStatusFlags.UntrustedRoot) => "untrusted-root",
            _ when status.HasFlag(X509ChainStatusFlags.HasWeakSignature) => "weak-signature-or-key",
            _ when status.HasFlag(X509ChainStatusFlags.HasNotSupportedCriticalExtension) => "unknown-critical-extension",
            _ => "invalid-chain",
        };
    }

    private static string Explain(
        X509Certificate2 leaf, IReadOnlyList<string> names, CertificateFaults faults, string? chainReason)
    {
        var parts = new List<string>(3);
        if (faults.HasFlag(CertificateFaults.HostMismatch))
        {
            parts.Add(names.Count == 0
                ? "it bears no DNS name"
                : $"it is for {string.Join(", ", names.Take(MaxNamesInDetail))}");
        }

        if (faults.HasFlag(CertificateFaults.Expired))
        {
            parts.Add(string.Create(
                CultureInfo.InvariantCulture, $"it expired {leaf.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm}Z"));
        }

        if (chainReason is not null)
        {
            parts.Add($"{chainReason}, issued by {leaf.Issuer}");
        }

        // RFC 5322 §2.2: names come from a remote party and go to logs and notifications, so they lose what ends a line.
        return string.Concat(string.Join("; ", parts).Select(c => char.IsControl(c) ? '?' : c));
    }
}
