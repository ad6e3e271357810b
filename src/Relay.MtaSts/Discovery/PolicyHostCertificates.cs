using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Relay.Mail;
using Relay.Tls;

namespace Relay.MtaSts.Discovery;

/// <summary>
/// Judges the certificates of policy hosts in the handshake and keeps the verdict of a refused one until the fetch asks
/// why it failed: the HTTP client itself says no more than that the handshake failed.
/// </summary>
internal sealed class PolicyHostCertificates(WebPkiVerifier verifier)
{
    private readonly ConcurrentDictionary<string, CertificateVerdict> _refused = new(StringComparer.OrdinalIgnoreCase);

    public X509ChainPolicy ChainPolicy() => verifier.ChainPolicy();

    /// <summary>The handshake's question; RFC 8461 §3.3: a policy host that fails here has published nothing.</summary>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var name = ((SslStream)sender).TargetHostName;
        var verdict = DomainName.TryParse(name, out var host)
            ? verifier.Verify(certificate as X509Certificate2, chain?.ChainPolicy.ExtraStore ?? [], host)
            : new CertificateVerdict(CertificateFaults.HostMismatch, $"\"{name}\" is no host name");
        if (verdict.IsVerified)
        {
            return true;
        }

        _refused[name] = verdict;
        return false;
    }

    /// <summary>Why the last certificate of a host was refused; null when none was. Forgets it.</summary>
    public CertificateVerdict? TakeRefusal(DomainName host) =>
        _refused.TryRemove(host.Value, out var verdict) ? verdict : null;
}
