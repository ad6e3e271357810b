using System.Net.Security;
using System.Security.Authentication;

namespace Relay.Tls;

/// <summary>
/// The protocol versions and cipher suites of a client's hello. <see cref="Sound"/> is the only one that may prove anything:
/// every suite in it is forward secret, so that what is recorded today stays closed when the server's key is known tomorrow.
/// </summary>
public sealed class TlsOffer
{
    private static readonly TlsCipherSuite[] SoundSuites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        // RFC 9325 §4.2: ECDHE with AEAD before all else of TLS 1.2.
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        // RFC 7435 §3: hosts of ten years ago have nothing newer, and clear text is the alternative. RFC 9325 §3.3.1 does not
        // forbid CBC; OpenSSL asks for encrypt-then-MAC (RFC 7366) with it.
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    ];

    // RFC 9325 §4.1 advises against both kinds of key exchange: DHE for its groups that nobody can choose, RSA for want of
    // forward secrecy. RC4, 3DES, NULL, export and anonymous suites are in no offer.
    private static readonly TlsCipherSuite[] LenientSuites =
    [
        .. SoundSuites,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_256_CBC_SHA,
        TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
        TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA256,
        TlsCipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA256,
        TlsCipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA,
        TlsCipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    ];

    private readonly SslProtocols _versions;
    private readonly CipherSuitesPolicy? _suites;
    private readonly bool _isLenient;

    private TlsOffer(SslProtocols versions, TlsCipherSuite[] suites, bool isLenient)
    {
        _versions = versions;
        // Elsewhere the system's list is not ours to choose.
        _suites = OperatingSystem.IsLinux() ? new CipherSuitesPolicy(suites) : null;
        _isLenient = isLenient;
    }

    /// <summary>TLS 1.2 and 1.3 with ephemeral elliptic curves (RFC 9325 §3.1.1, §4.1): for every first hello.</summary>
#pragma warning disable CA5398 // The system's choice may include the versions that RFC 8996 forbids.
    public static TlsOffer Sound { get; } = new(SslProtocols.Tls12 | SslProtocols.Tls13, SoundSuites, isLenient: false);

    /// <summary>
    /// The most that can be offered and is not clear text: static RSA and DHE besides. Only where the sound offer failed and
    /// nothing is demanded (RFC 7435 §3).
    /// </summary>
    /// <param name="allowTls10">RFC 8996 §4, §5, departure where an operator asks for it: TLS 1.0 and 1.1 too.</param>
    public static TlsOffer Lenient(bool allowTls10)
    {
        var versions = SslProtocols.Tls12 | SslProtocols.Tls13;
#pragma warning disable SYSLIB0039, CA5397 // Obsolete, and off unless an operator prefers them to clear text.
        versions |= allowTls10 ? SslProtocols.Tls | SslProtocols.Tls11 : SslProtocols.None;
#pragma warning restore SYSLIB0039, CA5397
        return new TlsOffer(versions, LenientSuites, isLenient: true);
    }
#pragma warning restore CA5398

    /// <summary>Writes the offer into the options of a handshake.</summary>
    public void ApplyTo(SslClientAuthenticationOptions options)
    {
        options.EnabledSslProtocols = _versions;
        options.CipherSuitesPolicy = _suites;

        // RFC 9325 §3.5: a server that renegotiates could show another certificate than the one that was judged.
        options.AllowRenegotiation = false;
        if (_isLenient && _suites is not null)
        {
            // .NET's only way to OpenSSL's security level 0, which old hosts need: groups of 1024 bits, and the signatures of
            // TLS 1.0. It admits no suite without encryption here, for the list above is all that is offered.
#pragma warning disable SYSLIB0040
            options.EncryptionPolicy = EncryptionPolicy.AllowNoEncryption;
#pragma warning restore SYSLIB0040
        }
    }
}
