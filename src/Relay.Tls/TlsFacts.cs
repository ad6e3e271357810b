using System.Net.Security;
using System.Security.Authentication;

namespace Relay.Tls;

/// <summary>What a completed handshake gave.</summary>
/// <param name="Version">Protocol version.</param>
/// <param name="CipherSuite">Cipher suite.</param>
/// <param name="Verdict">What verification found, whether or not it was demanded.</param>
public sealed record TlsFacts(SslProtocols Version, TlsCipherSuite CipherSuite, CertificateVerdict Verdict);
