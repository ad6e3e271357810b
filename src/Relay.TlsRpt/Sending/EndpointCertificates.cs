using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.Tls;

namespace Relay.TlsRpt.Sending;

/// <summary>Judges the certificates of report endpoints in the handshake.</summary>
internal sealed class EndpointCertificates(WebPkiVerifier verifier, ILogger<EndpointCertificates> logger)
{
    /// <summary>The rules of the chain.</summary>
    public X509ChainPolicy ChainPolicy() => verifier.ChainPolicy();

    /// <summary>The certificate holds for the host of the endpoint.</summary>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        Judge((SslStream)sender, certificate, chain).IsVerified;

    /// <summary>Takes whatever there is, and tells the operator what was wrong with it.</summary>
    public bool AcceptAny(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var tls = (SslStream)sender;
        var verdict = Judge(tls, certificate, chain);
        if (!verdict.IsVerified)
        {
            logger.EndpointUnverified(tls.TargetHostName, verdict.Detail);
        }

        return true;
    }

    private CertificateVerdict Judge(SslStream tls, X509Certificate? certificate, X509Chain? chain) =>
        DomainName.TryParse(tls.TargetHostName, out var host)
            ? verifier.Verify(certificate as X509Certificate2, chain?.ChainPolicy.ExtraStore ?? [], host)
            : new CertificateVerdict(CertificateFaults.HostMismatch, $"\"{tls.TargetHostName}\" is no host name");
}
