using Relay.Tls;

namespace Relay.Diagnosis;

/// <summary>What to do about each fault of a certificate, a policy host's or an MX host's.</summary>
internal static class CertificateRemedies
{
    public static string For(string host, CertificateVerdict verdict)
    {
        var remedies = new List<string>(3);
        if (verdict.Faults.HasFlag(CertificateFaults.HostMismatch))
        {
            remedies.Add($"get a certificate with the DNS name {host}");
        }

        if (verdict.Faults.HasFlag(CertificateFaults.Expired))
        {
            remedies.Add("renew the certificate, load it, and see to it that renewal is automatic");
        }

        if (verdict.Faults.HasFlag(CertificateFaults.NotTrusted))
        {
            remedies.Add(ForTrust(verdict.Reason));
        }

        var text = string.Join("; ", remedies);
        return char.ToUpperInvariant(text[0]) + text[1..];
    }

    private static string ForTrust(string reason) => reason switch
    {
        "no-peer-certificate" => "give the host a certificate of a public authority",
        "certificate-not-yet-valid" => "wait until the certificate begins to be valid, or load the one before it; see that clocks are right",
        "issuer-expired" => "replace the expired intermediate certificate by the authority's current one",
        "invalid-key-usage" => "get a certificate for servers (extended key usage serverAuth); this one, or its issuer, is for something else",
        "weak-signature-or-key" => "get a certificate with RSA of 2048 bits or more, or ECDSA P-256, signed with SHA-256 or better",
        "unknown-critical-extension" => "get a certificate without critical extensions of its authority's own; clients have to refuse what they do not know",
        "name-constraint-violation" => "get a certificate of an authority that is allowed to issue for this name",
        "bad-signature" => "load the certificate, its key and its intermediates again; a signature among them is not that of its issuer",
        "incomplete-chain" => "send the certificate's intermediates with it",
        "self-signed-certificate" => "use a certificate of a public authority instead of one that signs itself",
        "untrusted-root" => "use a certificate of a public authority; its root is not one that is trusted here",
        _ => "use a certificate of a public authority and send its intermediates with it",
    };
}
