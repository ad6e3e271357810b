using Relay.Dns;
using Relay.Mail;

namespace Relay.Benchmarks;

/// <summary>Knows one MTA-STS record, for every name.</summary>
internal sealed class SameRecordResolver : IDnsResolver
{
    public const string Id = "20261122T074012";

    public ValueTask<DnsAnswer> QueryAsync(DomainName name, DnsRecordType type, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new DnsAnswer(
            DnsStatus.Answered,
            name,
            [new DnsRecord.Text(name, TimeSpan.FromDays(1), [System.Text.Encoding.ASCII.GetBytes($"v=STSv1; id={Id};")])],
            IsAuthenticated: false,
            TimeSpan.FromDays(1),
            string.Empty));
}
