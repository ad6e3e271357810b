using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Relay.Smtp.Server.Authentication;

namespace Relay.Smtp.Server;

/// <summary>What a server session knows of its client, for policies and trace fields.</summary>
/// <param name="Remote">The client's address.</param>
/// <param name="Local">The address it reached.</param>
public sealed record SessionFacts(IPEndPoint Remote, IPEndPoint Local)
{
    /// <summary>The name given in EHLO or HELO, checked against the grammar; empty before.</summary>
    public string HelloName { get; init; } = string.Empty;

    /// <summary>EHLO was used, not HELO (RFC 5321 §4.1.1.1).</summary>
    public bool IsExtended { get; init; }

    /// <summary>The TLS version in use; none in clear.</summary>
    public SslProtocols TlsVersion { get; init; }

    /// <summary>The cipher suite in use; null in clear.</summary>
    public TlsCipherSuite? CipherSuite { get; init; }

    /// <summary>Who the client has proved to be (RFC 4954 §4); null before.</summary>
    public string? User { get; init; }

    /// <summary>What it proved itself by, in a form that is of no use to anybody but <see cref="IAuthenticator"/>; null before.</summary>
    public string? CredentialId { get; init; }

    /// <summary>TLS protects the session.</summary>
    public bool IsSecure => CipherSuite is not null;
}
