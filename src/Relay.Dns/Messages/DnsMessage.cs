namespace Relay.Dns.Messages;

/// <summary>An answer that belongs to our question and keeps the format.</summary>
internal sealed record DnsMessage
{
    /// <summary>The code of the header, extended by the OPT record (RFC 6891 §6.1.3).</summary>
    public required int Code { get; init; }

    /// <summary>TC: cut to fit a datagram; its records were not read.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>AD, as the server claims it.</summary>
    public bool ClaimsAuthentic { get; init; }

    /// <summary>The records of the answer section that we can use: known types, class IN, printable names.</summary>
    public IReadOnlyList<DnsRecord> Answers { get; init; } = [];

    /// <summary>The first SOA record of the authority section.</summary>
    public DnsRecord.Authority? Authority { get; init; }

    /// <summary>
    /// No answer, and NS records without an SOA: the server points elsewhere instead of answering (RFC 2308 §2.2).
    /// </summary>
    public bool IsReferral { get; init; }

    /// <summary>The answer section held a record whose data name something that no host name can be.</summary>
    public bool HasUnusableRecords { get; init; }
}
