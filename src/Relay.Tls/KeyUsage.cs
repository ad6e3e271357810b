using System.Security.Cryptography.X509Certificates;

namespace Relay.Tls;

/// <summary>What a certificate says its key is for (RFC 5280 §4.2.1.3). The chain's verdict looks at the extended usage alone.</summary>
internal static class KeyUsage
{
    // What one or another key exchange of TLS needs; a key for anything else, certificates above all, is no server's.
    private const X509KeyUsageFlags Server =
        X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement;

    /// <summary>The key may be a TLS server's; so may any key without this extension.</summary>
    public static bool AllowsServer(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().All(usage => (usage.KeyUsages & Server) != 0);
}
