using System.Net;
using Relay.Tls;

namespace Relay.Delivery;

/// <summary>The host a recipient's outcome came from.</summary>
/// <param name="Host">Its name, or its address in brackets.</param>
/// <param name="Address">The address connected to.</param>
/// <param name="Tls">What TLS gave; null for a session in clear.</param>
public sealed record HopFacts(string Host, IPAddress Address, TlsFacts? Tls)
{
    /// <summary>
    /// It offers DSN and was passed what the sender asked for: notices of success are its duty now (RFC 3461 §5.2.1).
    /// </summary>
    public bool SpeaksDsn { get; init; }
}
