namespace Relay.Delivery;

/// <summary>
/// How one connection stood as to TLS: the closed set that maps onto RFC 8460 §4.3. Network trouble before TLS was
/// asked for is not in it (RFC 8460 §4.3.4): such a connection leaves no record.
/// </summary>
public enum TlsSessionResult
{
    /// <summary>TLS was reached; the certificate verdict stands beside it.</summary>
    Established = 0,

    /// <summary>STARTTLS was not offered: <c>starttls-not-supported</c>.</summary>
    StartTlsNotOffered,

    /// <summary>STARTTLS was answered with a refusal: <c>starttls-not-supported</c>.</summary>
    StartTlsRefused,

    /// <summary>The handshake failed, or the peer's alert came right after it: <c>validation-failure</c>.</summary>
    HandshakeFailed,

    /// <summary>Octets in clear followed the reply to STARTTLS: <c>validation-failure</c>.</summary>
    PlaintextInjected,
}
