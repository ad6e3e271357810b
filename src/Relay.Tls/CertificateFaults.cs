namespace Relay.Tls;

/// <summary>The faults of a certificate in the words of RFC 8460 §4.3.1; several may hold at once.</summary>
[Flags]
public enum CertificateFaults
{
    /// <summary>None: verified.</summary>
    None = 0,

    /// <summary>No DNS name of the certificate matches: <c>certificate-host-mismatch</c>.</summary>
    HostMismatch = 1,

    /// <summary>The certificate's validity has ended: <c>certificate-expired</c>.</summary>
    Expired = 2,

    /// <summary>
    /// Anything else: chain, trust, not yet valid, usage, an expired issuer: <c>certificate-not-trusted</c>.
    /// </summary>
    NotTrusted = 4,
}
