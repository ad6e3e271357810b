namespace Relay.Lab.Dns;

/// <summary>Record types that the lab's zone can hold, by their numbers on the wire.</summary>
public enum LabDnsType
{
    /// <summary>Never in a zone.</summary>
    None = 0,

    /// <summary>IPv4 address.</summary>
    A = 1,

    /// <summary>Alias.</summary>
    Cname = 5,

    /// <summary>Start of authority.</summary>
    Soa = 6,

    /// <summary>Mail exchange.</summary>
    Mx = 15,

    /// <summary>Text.</summary>
    Txt = 16,

    /// <summary>IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>TLSA certificate association.</summary>
    Tlsa = 52,
}
