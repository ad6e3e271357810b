using System.Diagnostics.CodeAnalysis;
using Relay.Mail;

namespace Relay.Dns;

/// <summary>What earlier lookups have left behind.</summary>
public interface IDnsCache
{
    /// <summary>Gives the answer to a question when it is known and has not expired; never asks, never waits.</summary>
    bool TryPeek(DomainName name, DnsRecordType type, [NotNullWhen(true)] out DnsAnswer? answer);

    /// <summary>Forgets the answer to a question, so that the next lookup asks the servers again.</summary>
    void Forget(DomainName name, DnsRecordType type);
}
