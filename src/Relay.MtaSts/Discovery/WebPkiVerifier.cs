using System.Security.Cryptography.X509Certificates;
using Relay.Delivery.Tls;
using Relay.Dns;

namespace Relay.MtaSts.Discovery;

/// <summary>Verifies server certificates for a name as RFC 8461 §3.3 and §4.2 ask.</summary>
/// <param name="trustedRoots">Replaces the system's roots; null keeps them.</param>
/// <param name="clock">Tells what has expired.</param>
public sealed class WebPkiVerifier(X509Certificate2Collection? trustedRoots, TimeProvider clock)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The rules of the chain; a fresh object each time.</summary>
    public X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            // RFC 8461 §4.2: a chain is what the server sent; nothing is fetched over the network to mend or to doubt it.
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            VerificationTime = clock.GetUtcNow().UtcDateTime,
            VerificationTimeIgnored = false,
        };
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        if (trustedRoots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(trustedRoots);
        }

        return policy;
    }

    /// <summary>Judges a certificate for a host.</summary>
    /// <param name="certificate">What the server showed; null when it showed none.</param>
    /// <param name="sent">The other certificates it sent, in any order.</param>
    /// <param name="host">The name it must bear.</param>
    public CertificateVerdict Verify(X509Certificate2? certificate, X509Certificate2Collection sent, DomainName host)
    {
        if (certificate is null)
        {
            return new CertificateVerdict(CertificateFaults.NotTrusted, "no certificate");
        }

        using var chain = new X509Chain { ChainPolicy = ChainPolicy() };
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        var faults = chain.Build(certificate) ? CertificateFaults.None : FaultsOf(chain, certificate);

        // RFC 8461 §3.3, §4.2: DNS names of the subjectAltName only, a wildcard may be the whole left-most label; never the CN.
        if (!certificate.MatchesHostname(host.Value, allowWildcards: true, allowCommonName: false))
        {
            faults |= CertificateFaults.HostMismatch;
        }

        return faults == CertificateFaults.None
            ? CertificateVerdict.Verified
            : new CertificateVerdict(faults, Describe(chain, certificate, host));
    }

    // RFC 8460 §4.3.1: certificate-expired is the server's own certificate past its end; everything else about the chain is
    // certificate-not-trusted.
    private CertificateFaults FaultsOf(X509Chain chain, X509Certificate2 certificate)
    {
        var hasEnded = certificate.NotAfter.ToUniversalTime() < clock.GetUtcNow().UtcDateTime;
        var faults = hasEnded ? CertificateFaults.Expired : CertificateFaults.None;
        for (var index = 0; index < chain.ChainElements.Count; index++)
        {
            foreach (var status in chain.ChainElements[index].ChainElementStatus)
            {
                if (!(index == 0 && hasEnded && status.Status == X509ChainStatusFlags.NotTimeValid))
                {
                    faults |= CertificateFaults.NotTrusted;
                }
            }
        }

        return faults == CertificateFaults.None ? CertificateFaults.NotTrusted : faults;
    }

    private static string Describe(X509Chain chain, X509Certificate2 certificate, DomainName host)
    {
        var statuses = string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct());
        return $"certificate \"{certificate.Subject}\" for {host}, valid {certificate.NotBefore.ToUniversalTime():u} to "
            + $"{certificate.NotAfter.ToUniversalTime():u}{(statuses.Length > 0 ? ": " + statuses : string.Empty)}";
    }
}
