using System.Net.Sockets;
using Relay.Dns.Messages;
using Relay.Mail;

namespace Relay.Dns;

/// <summary>One question on its way along the aliases to its answer.</summary>
internal sealed class Resolution(DnsQuestion question)
{
    // RFC 1034 §3.6.2 tells software to follow chains and to signal loops; a chain this long has no honest purpose.
    private const int MaxAliases = 8;

    // A day and not RFC 2181 §8's 68 years: a wrong record must be correctable within the patience of a postmaster.
    private static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(1);

    // RFC 2308 §5: values of one to three hours have been found to work well.
    private static readonly TimeSpan MaxNegativeTimeToLive = TimeSpan.FromHours(3);

    // RFC 9520 §3.2: a failure is kept for at least a second, so that a busy queue does not ask a failing server for
    // each message; RFC 2308 §7 allows 5 min, but a failure that is over must not hold up mail.
    private static readonly TimeSpan FailureTimeToLive = TimeSpan.FromSeconds(1);

    private readonly List<DomainName> _chain = [question.Name];
    private TimeSpan _timeToLive = MaxTimeToLive;
    private bool _isAuthenticated = true;

    /// <summary>What to ask next.</summary>
    public DnsQuestion Next => question with { Name = Current };

    private DomainName Current => _chain[^1];

    /// <summary>Takes in what the servers said to <see cref="Next"/>; null when there is more to ask.</summary>
    public DnsAnswer? Take(ServerReply reply)
    {
        if (reply.Message is not { } message)
        {
            return Failed(reply.Status, reply.Detail);
        }

        var asked = Current;
        _isAuthenticated &= reply.IsAuthenticated;
        var records = RecordsAt(message, Current);
        while (records.Count == 0 && AliasesAt(message, Current) is { Count: > 0 } aliases)
        {
            if (!TryFollow(aliases, out var fault))
            {
                return Failed(DnsStatus.Malformed, $"{fault}; {reply.Detail}");
            }

            records = RecordsAt(message, Current);
        }

        if (message.Code == ResponseCode.NameError && records.Count > 0)
        {
            return Failed(DnsStatus.Malformed, $"NXDOMAIN with records; {reply.Detail}");
        }

        return records.Count > 0 ? Answered(records, reply.Detail) : Absent(message, asked, reply.Detail);
    }

    /// <summary>The question comes to nothing.</summary>
    public DnsAnswer Failed(DnsStatus status, string detail) =>
        new(status, Current, [], IsAuthenticated: false, FailureTimeToLive, $"{Next}: {detail}");

    // Only records of the name reached count: what else a server volunteers may be an attempt to poison (RFC 2181
    // §5.4.1).
    private List<DnsRecord> RecordsAt(DnsMessage message, DomainName name) =>
        [.. message.Answers.Where(record => record.Owner == name && IsAskedFor(record))];

    private static List<DnsRecord.Alias> AliasesAt(DnsMessage message, DomainName name) =>
        [.. message.Answers.OfType<DnsRecord.Alias>().Where(alias => alias.Owner == name)];

    private bool IsAskedFor(DnsRecord record) => record switch
    {
        DnsRecord.Address { Value.AddressFamily: AddressFamily.InterNetwork } => question.Type is DnsRecordType.A,
        DnsRecord.Address => question.Type is DnsRecordType.Aaaa,
        DnsRecord.Alias => question.Type is DnsRecordType.Cname,
        DnsRecord.MailExchange => question.Type is DnsRecordType.Mx,
        DnsRecord.Text => question.Type is DnsRecordType.Txt,
        DnsRecord.TlsAssociation => question.Type is DnsRecordType.Tlsa,
        DnsRecord.Authority => question.Type is DnsRecordType.Soa,
        _ => false,
    };

    private bool TryFollow(List<DnsRecord.Alias> aliases, out string fault)
    {
        var target = aliases[0].Target;
        fault = string.Empty;
        if (aliases.Exists(alias => alias.Target != target))
        {
            // RFC 2181 §10.1: an alias has one target.
            fault = $"{Current} is an alias of several names";
        }
        else if (_chain.Contains(target))
        {
            // RFC 1034 §3.6.2: a loop is an error.
            fault = $"the aliases of {question.Name} form a loop";
        }
        else if (_chain.Count > MaxAliases)
        {
            fault = $"{question.Name} has more than {MaxAliases} aliases";
        }

        _timeToLive = Shorter(_timeToLive, aliases.Min(alias => alias.TimeToLive));
        _chain.Add(target);
        return fault.Length == 0;
    }

    // RFC 2181 §5.2: the times to live of a set are equal; where they are not, the lowest counts.
    private DnsAnswer Answered(List<DnsRecord> records, string detail)
    {
        var timeToLive = Shorter(_timeToLive, records.Min(record => record.TimeToLive));
        return new DnsAnswer(DnsStatus.Answered, Current, records, _isAuthenticated, timeToLive, detail);
    }

    private DnsAnswer? Absent(DnsMessage message, DomainName asked, string detail)
    {
        if (message.HasUnusableRecords)
        {
            return Failed(DnsStatus.Malformed, $"no usable names in the records; {detail}");
        }

        // An SOA of another zone says nothing about this name.
        var isCovered = message.Authority is { } soa && Current.IsWithin(soa.Owner);
        if (message.Code == ResponseCode.NoError && Current != asked && !isCovered)
        {
            // The server named the alias and left the rest to us.
            return null;
        }

        // RFC 2308 §5: an absence lives as long as the lesser of the SOA's own time to live and its minimum; without an
        // SOA it is not to be kept. RFC 6604 §3: NXDOMAIN speaks of the last name of the chain.
        var negative = isCovered ? Shorter(message.Authority!.TimeToLive, message.Authority.Minimum) : TimeSpan.Zero;
        var timeToLive = Shorter(_timeToLive, Shorter(negative, MaxNegativeTimeToLive));
        var (status, fact) = message.Code == ResponseCode.NameError
            ? (DnsStatus.NameError, $"{Current} does not exist")
            : (DnsStatus.NoData, $"no {Next}");
        return new DnsAnswer(status, Current, [], _isAuthenticated, timeToLive, $"{fact}; {detail}");
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
