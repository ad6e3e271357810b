namespace Relay.Dns;

/// <summary>The record types a mail relay asks for, by their numbers on the wire.</summary>
public enum DnsRecordType
{
    /// <summary>No type; never asked for.</summary>
    None = 0,

    /// <summary>IPv4 address (RFC 1035 §3.4.1).</summary>
    A = 1,

    /// <summary>Alias (RFC 1035 §3.3.1).</summary>
    Cname = 5,

    /// <summary>Start of authority (RFC 1035 §3.3.13).</summary>
    Soa = 6,

    /// <summary>Mail exchange (RFC 1035 §3.3.9).</summary>
    Mx = 15,

    /// <summary>Text (RFC 1035 §3.3.14).</summary>
    Txt = 16,

    /// <summary>IPv6 address (RFC 3596 §2.1).</summary>
    Aaaa = 28,

    /// <summary>TLSA certificate association (RFC 6698 §2.1).</summary>
    Tlsa = 52,
}
