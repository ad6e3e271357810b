namespace Relay.Smtp.Grammar;

/// <summary>What a client speaks that does not speak SMTP.</summary>
internal enum ForeignProtocol
{
    /// <summary>Nothing says so.</summary>
    None = 0,

    /// <summary>HTTP: a browser, a program that was made to fetch a URI of somebody else's choice, or a scanner.</summary>
    Http,

    /// <summary>TLS, on a listener that begins in clear.</summary>
    Tls,

    /// <summary>Not SMTP, whatever it is.</summary>
    Unknown,
}
