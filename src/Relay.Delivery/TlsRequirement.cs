namespace Relay.Delivery;

/// <summary>What TLS a host must give before a message goes to it; the greater includes the lesser.</summary>
public enum TlsRequirement
{
    /// <summary>TLS where it can be had, with any certificate, else clear (RFC 7435 §3).</summary>
    Opportunistic = 0,

    /// <summary>TLS 1.2 or newer with forward secrecy, and with any certificate (RFC 3207 §6, RFC 9325 §4.1).</summary>
    Encrypted,

    /// <summary>TLS with a certificate that PKIX verification accepts for the host's name (RFC 8461 §4.2).</summary>
    VerifiedPkix,
}
