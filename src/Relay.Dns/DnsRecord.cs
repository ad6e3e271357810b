using System.Net;
using Relay.Mail;

namespace Relay.Dns;

/// <summary>One resource record of an answer, decoded.</summary>
/// <param name="Owner">The name that owns the record.</param>
/// <param name="TimeToLive">How long the record may be kept, as received (RFC 1035 §3.2.1).</param>
public abstract record DnsRecord(DomainName Owner, TimeSpan TimeToLive)
{
    /// <summary>An A or AAAA record.</summary>
    public sealed record Address(DomainName Owner, TimeSpan TimeToLive, IPAddress Value) : DnsRecord(Owner, TimeToLive);

    /// <summary>A CNAME record.</summary>
    public sealed record Alias(DomainName Owner, TimeSpan TimeToLive, DomainName Target) : DnsRecord(Owner, TimeToLive);

    /// <summary>An MX record; the root as exchange is a null MX (RFC 7505 §3).</summary>
    public sealed record MailExchange(DomainName Owner, TimeSpan TimeToLive, int Preference, DomainName Exchange)
        : DnsRecord(Owner, TimeToLive);

    /// <summary>A TXT record; its character-strings are kept apart as received.</summary>
    public sealed record Text(DomainName Owner, TimeSpan TimeToLive, IReadOnlyList<ReadOnlyMemory<byte>> Strings)
        : DnsRecord(Owner, TimeToLive);

    /// <summary>A TLSA record (RFC 6698 §2.1).</summary>
    public sealed record TlsAssociation(
        DomainName Owner, TimeSpan TimeToLive, byte Usage, byte Selector, byte MatchingType, ReadOnlyMemory<byte> Data)
        : DnsRecord(Owner, TimeToLive);

    /// <summary>An SOA record; its minimum bounds negative caching (RFC 2308 §5).</summary>
    public sealed record Authority(DomainName Owner, TimeSpan TimeToLive, TimeSpan Minimum) : DnsRecord(Owner, TimeToLive);
}
