using System.Security.Cryptography.X509Certificates;

namespace Relay.Tls;

/// <summary>Signatures and keys too weak to prove anything (RFC 9325 §4.2, §4.3).</summary>
internal static class SignatureStrength
{
    private const int MinRsaBits = 2048;

    /// <summary>A root's own signature proves nothing and is not looked at.</summary>
    public static bool IsWeak(X509ChainElement element)
    {
        var certificate = element.Certificate;
        var isRoot = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
        return (!isRoot && IsWeakAlgorithm(certificate.SignatureAlgorithm.Value)) || HasShortKey(certificate);
    }

    private static bool IsWeakAlgorithm(string? oid) => oid is
        "1.2.840.113549.1.1.2" or "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" // RSA with MD2, MD5, SHA-1
        or "1.2.840.10045.4.1" or "1.2.840.10040.4.3"; // ECDSA and DSA with SHA-1

    private static bool HasShortKey(X509Certificate2 certificate)
    {
        using var key = certificate.GetRSAPublicKey();
        return key is not null && key.KeySize < MinRsaBits;
    }
}
