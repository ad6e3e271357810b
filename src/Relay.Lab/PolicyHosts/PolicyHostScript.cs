using System.Net.Security;
using System.Text;
using Relay.Lab.Certificates;

namespace Relay.Lab.PolicyHosts;

/// <summary>How the lab's policy host behaves under one name.</summary>
public sealed record PolicyHostScript
{
    /// <summary>
    /// The certificate shown to whoever asks for this name; null refuses the handshake with an alert.
    /// </summary>
    public LabCertificate? Certificate { get; init; }

    /// <summary>The cipher suites spoken, of TLS 1.2 alone; null for the system's.</summary>
    public CipherSuitesPolicy? CipherSuites { get; init; }

    /// <summary>The status line's code.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The Content-Type field; null leaves it out.</summary>
    public string? ContentType { get; init; } = "text/plain";

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>More header fields: <c>Location: https://elsewhere.test/</c>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>What goes wrong.</summary>
    public PolicyHostFault Fault { get; init; }

    /// <summary>Completes before anything is answered; null answers at once.</summary>
    public Task? Until { get; init; }

    /// <summary>Waited for before each octet of a body that trickles; null for no wait.</summary>
    public Func<CancellationToken, Task>? Pace { get; init; }

    /// <summary>A good policy host: this text as <c>text/plain</c> with status 200.</summary>
    public static PolicyHostScript Serve(LabCertificate certificate, string body) =>
        new() { Certificate = certificate, Body = Encoding.UTF8.GetBytes(body) };
}
