namespace Relay.Lab.Dns;

/// <summary>How an answer with the right id and question breaks the format.</summary>
public enum LabDnsDamage
{
    /// <summary>It ends in the middle of its last record.</summary>
    CutShort,

    /// <summary>A name points at itself.</summary>
    CompressionLoop,

    /// <summary>The header counts 65,535 answers where there is one.</summary>
    LyingCount,

    /// <summary>A record's data claim more octets than the message has.</summary>
    LyingLength,

    /// <summary>It is longer than the client allowed, with TC clear: 4,000 octets over UDP, 65,535 over TCP.</summary>
    Oversize,

    /// <summary>After the header come random octets, the same every time.</summary>
    Garbage,
}
