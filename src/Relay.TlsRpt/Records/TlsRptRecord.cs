using System.Text;
using Relay.Dns;

namespace Relay.TlsRpt.Records;

/// <summary>
/// Reads the TXT record set of <c>_smtp._tls.</c> and a policy domain (RFC 8460 §3). Pure; takes any octets.
/// </summary>
public static class TlsRptRecord
{
    // Enough to mend a record with; a hostile one does not fill the memory.
    private const int MaxUnusable = 10;
    private const int MaxShown = 100;

    /// <summary>Reads the records of one answer; those of other types are passed over.</summary>
    public static TlsRptRecordSet Parse(IReadOnlyList<DnsRecord> records)
    {
        TlsRptRecordSet result = TlsRptRecordSet.Absent.Instance;
        var candidates = 0;
        for (var index = 0; index < records.Count; index++)
        {
            if (records[index] is DnsRecord.Text text && ParseOne(Join(text.Strings)) is { } candidate)
            {
                candidates++;
                result = candidate;
            }
        }

        // RFC 8460 §3: unless exactly one record is left, the domain does not ask for reports; a malformed one counts.
        return candidates > 1 ? new TlsRptRecordSet.Multiple(candidates) : result;
    }

    /// <summary>
    /// Reads one joined record; null when it does not begin with the version and so is somebody else's.
    /// </summary>
    public static TlsRptRecordSet? ParseOne(ReadOnlySpan<byte> record)
    {
        // RFC 8460 §3: the version is compared octet by octet, and by the grammar its delimiter may have white space
        // before it.
        var version = "v=TLSRPTv1"u8;
        if (!record.StartsWith(version))
        {
            return null;
        }

        var rest = Trim(record[version.Length..]);
        return rest.StartsWith(";"u8) ? ParseFields(rest[1..]) : null;
    }

    private static TlsRptRecordSet ParseFields(ReadOnlySpan<byte> fields)
    {
        var destinations = new List<TlsRptDestination>();
        var unusable = new List<UnusableRua>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var items = 0;
        foreach (var range in fields.Split((byte)';'))
        {
            // RFC 8460 §3: unknown fields are ignored; nothing is said against a repeated rua, so the lists are joined.
            var field = Trim(fields[range]);
            if (field.StartsWith("rua="u8))
            {
                items += AddDestinations(field["rua=".Length..], destinations, unusable, seen);
            }
        }

        // RFC 8460 §3: rua with at least one URI is mandatory, even if it is one that cannot be used.
        return items == 0 ? TlsRptRecordSet.Invalid.Instance : new TlsRptRecordSet.Found(destinations) { Unusable = unusable };
    }

    private static int AddDestinations(
        ReadOnlySpan<byte> list, List<TlsRptDestination> destinations, List<UnusableRua> unusable, HashSet<string> seen)
    {
        var items = 0;
        foreach (var range in list.Split((byte)','))
        {
            var item = Trim(list[range]);
            if (item.IsEmpty)
            {
                continue;
            }

            items++;

            // RFC 8460 §3: one unusable URI does not spoil the others; one named twice is served once. A hostile record
            // names thousands, and comparing each with each would take their square in time.
            if (TlsRptUri.Read(item, out var destination) is { } fault)
            {
                Note(unusable, item, fault);
            }
            else if (seen.Add(destination!.Rua))
            {
                destinations.Add(destination);
            }
        }

        return items;
    }

    private static void Note(List<UnusableRua> unusable, ReadOnlySpan<byte> item, TlsRptUriFault fault)
    {
        if (unusable.Count < MaxUnusable)
        {
            unusable.Add(new UnusableRua(Encoding.UTF8.GetString(item[..Math.Min(item.Length, MaxShown)]), fault));
        }
    }

    // RFC 8460 §3: the strings of one record are joined with nothing between them.
    private static ReadOnlySpan<byte> Join(IReadOnlyList<ReadOnlyMemory<byte>> strings)
    {
        if (strings.Count == 1)
        {
            return strings[0].Span;
        }

        var joined = new byte[strings.Sum(part => part.Length)];
        var end = 0;
        for (var index = 0; index < strings.Count; index++)
        {
            strings[index].Span.CopyTo(joined.AsSpan(end));
            end += strings[index].Length;
        }

        return joined;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t"u8);
}
