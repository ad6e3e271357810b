namespace Relay.Configuration;

/// <summary>How a listener offers TLS.</summary>
internal enum ListenerTls
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>By STARTTLS, when there is a certificate (RFC 3207).</summary>
    StartTls,

    /// <summary>From the first octet (RFC 8314 §3.3).</summary>
    Implicit,
}
