using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Tls;

/// <summary>Signatures and keys too weak to prove anything (RFC 9325 §4.2, §4.3).</summary>
internal static class SignatureStrength
{
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string RsaPss = "1.2.840.113549.1.1.10";
    private const int MinRsaBits = 2048;
    private const int MinCurveBits = 224;

    /// <summary>A root's own signature proves nothing and is not looked at.</summary>
    public static bool IsWeak(X509ChainElement element)
    {
        var certificate = element.Certificate;
        var isRoot = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
        return (!isRoot && IsWeakSignature(certificate)) || HasShortKey(certificate);
    }

    private static bool IsWeakSignature(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        "1.2.840.113549.1.1.2" or "1.2.840.113549.1.1.3" or "1.2.840.113549.1.1.4" => true, // RSA with MD2, MD4, MD5
        "1.2.840.113549.1.1.5" or "1.3.14.3.2.29" => true, // RSA with SHA-1
        "1.2.840.10045.4.1" or "1.2.840.10040.4.3" or "1.3.14.3.2.27" => true, // ECDSA and DSA with SHA-1
        RsaPss => !PssParameters.AreStrong(certificate.RawDataMemory),
        _ => false,
    };

    private static bool HasShortKey(X509Certificate2 certificate)
    {
        try
        {
            if (certificate.PublicKey.Oid.Value is Rsa or RsaPss)
            {
                // RFC 4055 §3.1: a key for RSASSA-PSS alone looks the same inside.
                using var key = RSA.Create();
                key.ImportRSAPublicKey(certificate.PublicKey.EncodedKeyValue.RawData, out _);
                return key.KeySize < MinRsaBits;
            }

            using var curve = certificate.GetECDsaPublicKey();
            return curve is { KeySize: < MinCurveBits };
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            // The peer's certificate is input: a key that cannot be read proves nothing.
            return true;
        }
    }
}
