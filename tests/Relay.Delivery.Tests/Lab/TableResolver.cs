using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery.Tests.Lab;

/// <summary>A resolver that answers from a table at once and keeps what it was asked.</summary>
internal sealed class TableResolver : IDnsResolver
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(DomainName, DnsRecordType), List<DnsRecord>> _records = new();
    private readonly ConcurrentDictionary<DomainName, DomainName> _aliases = new();
    private readonly ConcurrentDictionary<(DomainName, DnsRecordType), DnsStatus> _failures = new();

    public ConcurrentQueue<(string Name, DnsRecordType Type)> Queries { get; } = new();

    public TableResolver AddMx(string domain, int preference, string exchange) =>
        Add(domain, DnsRecordType.Mx, name => new DnsRecord.MailExchange(name, Ttl, preference, Parse(exchange)));

    public TableResolver AddAddress(string host, IPAddress address) => Add(
        host,
        address.AddressFamily == AddressFamily.InterNetwork ? DnsRecordType.A : DnsRecordType.Aaaa,
        name => new DnsRecord.Address(name, Ttl, address));

    public TableResolver AddAlias(string name, string target)
    {
        _aliases[Parse(name)] = Parse(target);
        return this;
    }

    public TableResolver Fail(string name, DnsRecordType type, DnsStatus status)
    {
        _failures[(Parse(name), type)] = status;
        return this;
    }

    public ValueTask<DnsAnswer> QueryAsync(DomainName name, DnsRecordType type, CancellationToken cancellationToken)
    {
        Queries.Enqueue((name.Value, type));
        var canonical = _aliases.TryGetValue(name, out var target) ? target : name;
        if (_failures.TryGetValue((canonical, type), out var failure))
        {
            return new(Answer(failure, canonical, []));
        }

        if (_records.TryGetValue((canonical, type), out var records))
        {
            return new(Answer(DnsStatus.Answered, canonical, records));
        }

        var exists = _records.Keys.Any(key => key.Item1 == canonical);
        return new(Answer(exists ? DnsStatus.NoData : DnsStatus.NameError, canonical, []));
    }

    private static DnsAnswer Answer(DnsStatus status, DomainName name, IReadOnlyList<DnsRecord> records) =>
        new(status, name, records, IsAuthenticated: false, Ttl, status.ToString());

    private static DomainName Parse(string text) =>
        DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text, nameof(text));

    private TableResolver Add(string owner, DnsRecordType type, Func<DomainName, DnsRecord> make)
    {
        var name = Parse(owner);
        _records.GetOrAdd((name, type), _ => []).Add(make(name));
        return this;
    }
}
