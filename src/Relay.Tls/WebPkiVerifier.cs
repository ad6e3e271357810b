using System.Security.Cryptography.X509Certificates;
using Relay.Mail;

namespace Relay.Tls;

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
            // RFC 8461 §4.2: a chain is what the server sent; nothing is fetched over the network to mend or to doubt
            // it.
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

    /// <summary>Judges a certificate for a host: a policy host's or an MX host's.</summary>
    /// <param name="certificate">What the server showed; null when it showed none.</param>
    /// <param name="sent">The other certificates it sent, in any order.</param>
    /// <param name="host">The name it must bear.</param>
    public CertificateVerdict Verify(X509Certificate2? certificate, X509Certificate2Collection sent, DomainName host)
    {
        using var chain = new X509Chain { ChainPolicy = ChainPolicy() };
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        if (certificate is not null)
        {
            chain.Build(certificate);
        }

        return CertificateJudge.Judge(certificate, chain, host, clock.GetUtcNow());
    }
}
