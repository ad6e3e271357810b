namespace Relay.TlsRpt.Records;

/// <summary>One place that a domain wants its reports sent to.</summary>
/// <param name="Rua">The URI exactly as published.</param>
public abstract record TlsRptDestination(string Rua)
{
    /// <summary>By mail.</summary>
    /// <param name="Rua">The URI exactly as published.</param>
    /// <param name="Mailbox">The decoded mailbox, without the URI's header fields (RFC 6068 §2).</param>
    public sealed record Mail(string Rua, string Mailbox) : TlsRptDestination(Rua);

    /// <summary>By HTTPS.</summary>
    /// <param name="Rua">The URI exactly as published.</param>
    /// <param name="Endpoint">The same, to be used unchanged.</param>
    public sealed record Https(string Rua, Uri Endpoint) : TlsRptDestination(Rua);
}
