using Relay.Mail;

namespace Relay.Dns;

/// <summary>Looks up records through the configured resolvers.</summary>
public interface IDnsResolver
{
    /// <summary>
    /// Looks up one type at one name, aliases followed. Completes synchronously when the answer is cached. Every
    /// failure is a value; throws only <see cref="OperationCanceledException"/> when the caller cancels.
    /// </summary>
    ValueTask<DnsAnswer> QueryAsync(DomainName name, DnsRecordType type, CancellationToken cancellationToken);
}
