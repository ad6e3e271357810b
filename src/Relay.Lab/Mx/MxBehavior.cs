using System.Net.Security;
using System.Security.Authentication;
using Relay.Lab.Certificates;

namespace Relay.Lab.Mx;

/// <summary>How an MX host behaves on a connection: an ordinary, well-bred one unless told otherwise.</summary>
public sealed record MxBehavior
{
    /// <summary>The name in greeting and EHLO reply.</summary>
    public string HostName { get; init; } = "mx.lab.test";

    /// <summary>EHLO keywords with their parameters. STARTTLS is added where it is offered.</summary>
    public IReadOnlyList<string> Extensions { get; init; } =
        ["PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"];

    /// <summary>The keywords inside TLS; null for the same.</summary>
    public IReadOnlyList<string>? ExtensionsInTls { get; init; }

    /// <summary>The certificate; STARTTLS is not offered without one.</summary>
    public LabCertificate? Certificate { get; init; }

    /// <summary>Certificates by the server name the client asks for; other names get <see cref="Certificate"/>.</summary>
    public IReadOnlyDictionary<string, LabCertificate> CertificatesByName { get; init; } =
        new Dictionary<string, LabCertificate>();

    /// <summary>STARTTLS is offered.</summary>
    public bool OffersStartTls { get; init; } = true;

    /// <summary>Octets (Latin-1) sent in clear, in one segment with the 220 to STARTTLS.</summary>
    public string InjectedAfterStartTls { get; init; } = string.Empty;

    /// <summary>What follows the 220 to STARTTLS.</summary>
    public MxHandshake Handshake { get; init; }

    /// <summary>The TLS versions spoken.</summary>
    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The cipher suites spoken; null for the system's.</summary>
    public CipherSuitesPolicy? CipherSuites { get; init; }

    /// <summary>TLS 1.0 and 1.1, short keys and suites without encryption are really spoken where they are asked for.</summary>
    public bool IsLax { get; init; }

    /// <summary>Recipients taken in one transaction; the next get <see cref="TooManyReply"/>.</summary>
    public int MaxRecipients { get; init; } = int.MaxValue;

    /// <summary>What the next recipients get.</summary>
    public string TooManyReply { get; init; } = "452 4.5.3 Too many recipients";

    /// <summary>How replies are cut into writes.</summary>
    public MxChunking Chunking { get; init; }

    /// <summary>Departures, the first that applies wins.</summary>
    public IReadOnlyList<MxRule> Rules { get; init; } = [];

    /// <summary>Adds a rule behind those there are.</summary>
    public MxBehavior At(string stage, MxAction action) => At(new MxRule(stage, action));

    /// <summary>Adds a rule for commands that contain a text.</summary>
    public MxBehavior At(string stage, string containing, MxAction action) =>
        At(new MxRule(stage, action) { Containing = containing });

    /// <summary>Adds a rule behind those there are.</summary>
    public MxBehavior At(MxRule rule) => this with { Rules = [.. Rules, rule] };
}
