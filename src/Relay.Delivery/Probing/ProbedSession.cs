using System.Net;
using Relay.Tls;

namespace Relay.Delivery.Probing;

/// <summary>One session with one address of an MX host, as far as it came.</summary>
/// <param name="Address">The address.</param>
public sealed record ProbedSession(IPAddress Address)
{
    /// <summary>The server greeted us and answered EHLO in clear.</summary>
    public bool IsGreeted { get; init; }

    /// <summary>The name in the server's reply to EHLO; empty for none.</summary>
    public string PeerHelloName { get; init; } = string.Empty;

    /// <summary>How TLS went; null when the session did not come as far as asking.</summary>
    public TlsSessionResult? Result { get; init; }

    /// <summary>What TLS gave; null without TLS.</summary>
    public TlsFacts? Tls { get; init; }

    /// <summary>What the server showed, also where the handshake failed after it; null when it showed none.</summary>
    public CertificateFacts? Certificate { get; init; }

    /// <summary>For people, one line: what went wrong with connection, session or handshake; empty when nothing did.</summary>
    public string Detail { get; init; } = string.Empty;

    /// <summary>A message under <see cref="TlsRequirement.VerifiedPkix"/> could go this way.</summary>
    public bool IsVerified => Detail.Length == 0 && Tls is { Verdict.IsVerified: true };
}
