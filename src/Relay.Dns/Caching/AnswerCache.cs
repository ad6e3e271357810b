using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Relay.Dns.Messages;
using Relay.Mail;

namespace Relay.Dns.Caching;

/// <summary>
/// Answers kept for their time to live, in a bounded amount of memory. A hit allocates nothing. When full, what has
/// expired goes first and then what would expire soonest: it is worth least.
/// </summary>
internal sealed class AnswerCache(IOptions<DnsOptions> options, TimeProvider clock) : IDnsCache
{
    private const int OctetsPerUnit = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<DnsQuestion, Entry> _entries = [];
    private readonly int _capacity = options.Value.CacheSize;
    private int _size;

    /// <summary>How much it holds, in the unit of <see cref="DnsOptions.CacheSize"/>.</summary>
    public int Size
    {
        get
        {
            lock (_gate)
            {
                return _size;
            }
        }
    }

    /// <inheritdoc/>
    public bool TryPeek(DomainName name, DnsRecordType type, [NotNullWhen(true)] out DnsAnswer? answer) =>
        TryGet(new DnsQuestion(name, type), out answer);

    /// <inheritdoc/>
    public void Forget(DomainName name, DnsRecordType type)
    {
        lock (_gate)
        {
            Remove(new DnsQuestion(name, type));
        }
    }

    public bool TryGet(DnsQuestion question, [NotNullWhen(true)] out DnsAnswer? answer)
    {
        lock (_gate)
        {
            var isKept = _entries.TryGetValue(question, out var entry) && entry.Expires > clock.GetTimestamp();
            answer = isKept ? entry.Answer : null;
            return answer is not null;
        }
    }

    /// <summary>Keeps an answer for its time to live; for none at all when that is zero (RFC 1035 §3.2.1).</summary>
    public void Put(DnsQuestion question, DnsAnswer answer)
    {
        var lifetime = (long)(answer.TimeToLive.TotalSeconds * clock.TimestampFrequency);
        var entry = new Entry(answer, clock.GetTimestamp() + lifetime, SizeOf(answer));
        lock (_gate)
        {
            Remove(question);
            if (answer.TimeToLive > TimeSpan.Zero && entry.Size <= _capacity)
            {
                _entries.Add(question, entry);
                _size += entry.Size;
                if (_size > _capacity)
                {
                    Evict();
                }
            }
        }
    }

    // Down to seven eighths, so that the sorting is paid for by many insertions.
    private void Evict()
    {
        foreach (var (question, _) in _entries.OrderBy(pair => pair.Value.Expires).ToList())
        {
            if (_size <= _capacity - (_capacity / 8))
            {
                return;
            }

            Remove(question);
        }
    }

    private void Remove(DnsQuestion question)
    {
        if (_entries.Remove(question, out var entry))
        {
            _size -= entry.Size;
        }
    }

    private static int SizeOf(DnsAnswer answer) => Math.Max(1, answer.Records.Sum(SizeOf));

    private static int SizeOf(DnsRecord record) => 1 + (record switch
    {
        DnsRecord.Text text => text.Strings.Sum(part => part.Length + 16),
        DnsRecord.TlsAssociation association => association.Data.Length,
        _ => 0,
    } / OctetsPerUnit);

    private readonly record struct Entry(DnsAnswer Answer, long Expires, int Size);
}
