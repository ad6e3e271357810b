using System.Security.Cryptography.X509Certificates;

namespace Relay.Tls;

/// <summary>What a server's certificate says of itself; a remote party wrote every text in it.</summary>
/// <param name="Subject">The distinguished name of its holder.</param>
/// <param name="Names">Its DNS names (RFC 9525 §2); empty for none.</param>
/// <param name="Issuer">The distinguished name of who signed it.</param>
/// <param name="NotBefore">When its validity begins, UTC.</param>
/// <param name="NotAfter">When its validity ends, UTC.</param>
/// <param name="Chain">The subjects of the chain as far as it could be built, from the certificate to the root.</param>
public sealed record CertificateFacts(
    string Subject,
    IReadOnlyList<string> Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    IReadOnlyList<string> Chain)
{
    // What a remote party sends is shown, so it is bounded: certificates with thousands of names exist.
    private const int MaxNames = 50;

    /// <summary>Reads a certificate and the subjects of what was built over it.</summary>
    public static CertificateFacts Of(X509Certificate2 certificate, X509Chain? chain) => new(
        certificate.Subject,
        [.. CertificateNames.Of(certificate).Take(MaxNames)],
        certificate.Issuer,
        new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero),
        new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero),
        [.. chain?.ChainElements.Select(element => element.Certificate.Subject) ?? []]);
}
