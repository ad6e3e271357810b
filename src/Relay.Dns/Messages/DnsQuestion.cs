using Relay.Mail;

namespace Relay.Dns.Messages;

/// <summary>
/// What is asked: one type at one name, class IN. Also the key of the cache and of queries under way.
/// </summary>
internal readonly record struct DnsQuestion(DomainName Name, DnsRecordType Type)
{
    public override string ToString() => $"{Type.ToString().ToUpperInvariant()} of {Name}";
}
