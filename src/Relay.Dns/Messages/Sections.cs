using System.Diagnostics;
using Relay.Mail;

namespace Relay.Dns.Messages;

/// <summary>Gathers what the records of one message add up to.</summary>
internal sealed class Sections(DnsQuestion question, int code)
{
    private readonly List<DnsRecord> _answers = [];
    private DnsRecord.Authority? _authority;
    private bool _hasUnusableRecords;
    private bool _hasOpt;
    private int _code = code;

    /// <summary>The authority section holds NS records.</summary>
    public bool HasNameServers { get; set; }

    /// <summary>The owner of a record; most are the name asked for, whose text is shared.</summary>
    public DomainName Owner(ReadOnlySpan<char> name) =>
        name.SequenceEqual(question.Name.Value) ? question.Name : DomainName.FromWire(name);

    /// <summary>Takes a record in; false when it breaks the format.</summary>
    public bool TryAdd(Section section, DataRead read)
    {
        switch (read.Kind)
        {
            case DataKind.Broken:
                return false;
            case DataKind.Unusable:
                _hasUnusableRecords |= section is Section.Answer;
                return true;
            case DataKind.OtherType:
                return true;
            case DataKind.Record when section is Section.Answer:
                _answers.Add(read.Record!);
                return true;
            case DataKind.Record:
                _authority ??= read.Record as DnsRecord.Authority;
                return true;
            default:
                throw new UnreachableException();
        }
    }

    // RFC 6891 §6.1.1: one OPT record at most, owned by the root, in the additional section. §6.1.3: the top octet of
    // its TTL extends the response code.
    public bool TryAddOpt(Section section, int nameLength, int ttl)
    {
        if (_hasOpt || section is not Section.Additional || nameLength != 0)
        {
            return false;
        }

        _hasOpt = true;
        _code |= (int)((uint)ttl >> 24) << 4;
        return true;
    }

    public DnsMessage ToMessage(bool claimsAuthentic) => new()
    {
        Code = _code,
        ClaimsAuthentic = claimsAuthentic,
        Answers = _answers,
        Authority = _authority,
        IsReferral = HasNameServers && _authority is null && _answers.Count == 0 && !_hasUnusableRecords,
        HasUnusableRecords = _hasUnusableRecords,
    };
}
