using System.Buffers;
using System.Text;
using Relay.Dns;

namespace Relay.MtaSts.Policies;

/// <summary>Reads the TXT record set of <c>_mta-sts.</c> and a policy domain (RFC 8461 §3.1).</summary>
public static class StsRecord
{
    private const int MaxIdLength = 32;
    private const int MaxFieldNameLength = 32;
    private const int StackLimit = 512;

    private static readonly SearchValues<byte> AlphaDigit =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> FieldNameOctets =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Reads the records of one answer; those of other types are passed over.</summary>
    public static StsRecordSet Parse(IReadOnlyList<DnsRecord> records)
    {
        StsRecordSet result = StsRecordSet.Absent.Instance;
        var candidates = 0;
        for (var index = 0; index < records.Count; index++)
        {
            if (records[index] is DnsRecord.Text text && ParseJoined(text.Strings) is { } candidate)
            {
                candidates++;
                result = candidate;
            }
        }

        // RFC 8461 §3.1: unless exactly one record is left, the domain has no available policy; a malformed one counts.
        return candidates > 1 ? new StsRecordSet.Multiple(candidates) : result;
    }

    /// <summary>
    /// Reads one joined record; null when it does not begin with the version and so is somebody else's.
    /// </summary>
    public static StsRecordSet? ParseOne(ReadOnlySpan<byte> record)
    {
        // RFC 8461 §3.1: the version is compared octet by octet, and the delimiter may have white space before it.
        var version = "v=STSv1"u8;
        if (!record.StartsWith(version))
        {
            return null;
        }

        var rest = TrimStart(record[version.Length..]);
        return rest.StartsWith(";"u8) ? ParseFields(record, record.Length - rest.Length + 1) : null;
    }

    private static StsRecordSet? ParseJoined(IReadOnlyList<ReadOnlyMemory<byte>> strings)
    {
        if (strings.Count == 1)
        {
            return ParseOne(strings[0].Span);
        }

        // RFC 8461 §3.1: the strings of one record are joined with nothing between them.
        var length = 0;
        for (var index = 0; index < strings.Count; index++)
        {
            length += strings[index].Length;
        }

        var rented = length > StackLimit ? ArrayPool<byte>.Shared.Rent(length) : null;
        var joined = rented is null ? stackalloc byte[StackLimit] : rented;
        var end = 0;
        for (var index = 0; index < strings.Count; index++)
        {
            strings[index].Span.CopyTo(joined[end..]);
            end += strings[index].Length;
        }

        var result = ParseOne(joined[..end]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return result;
    }

    private static StsRecordSet ParseFields(ReadOnlySpan<byte> record, int start)
    {
        string? id = null;
        while (true)
        {
            var rest = TrimStart(record[start..]);
            start = record.Length - rest.Length;
            if (rest.IsEmpty)
            {
                // RFC 8461 §3.1: the last delimiter is optional; an id is not.
                return id is null
                    ? new StsRecordSet.Invalid(StsRecordFault.IdMissing, start)
                    : new StsRecordSet.Found(id);
            }

            var end = rest.IndexOf((byte)';');
            var field = end < 0 ? rest : TrimEnd(rest[..end]);
            if (FaultOf(field, ref id) is { } fault)
            {
                return new StsRecordSet.Invalid(fault, start);
            }

            start = end < 0 ? record.Length : start + end + 1;
        }
    }

    private static StsRecordFault? FaultOf(ReadOnlySpan<byte> field, ref string? id)
    {
        var equals = field.IndexOf((byte)'=');
        if (equals < 0 || !IsFieldName(field[..equals]))
        {
            return StsRecordFault.FieldMalformed;
        }

        var value = field[(equals + 1)..];
        if (!field[..equals].SequenceEqual("id"u8))
        {
            // RFC 8461 §3.1: unknown fields are ignored as long as they keep to the grammar of extensions.
            return IsFieldValue(value) ? null : StsRecordFault.ValueMalformed;
        }

        if (id is not null)
        {
            // RFC 8461 §3.2: of a repeated field only the first counts; the others are not even looked at.
            return null;
        }

        // RFC 8461 §3.1: 1 to 32 letters and digits.
        if (value.Length is 0 or > MaxIdLength || value.ContainsAnyExcept(AlphaDigit))
        {
            return StsRecordFault.IdMalformed;
        }

        id = Encoding.ASCII.GetString(value);
        return null;
    }

    // RFC 8461 §3.1: sts-ext-name is a letter or digit, then up to 31 letters, digits, "_", "-" and ".".
    private static bool IsFieldName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= MaxFieldNameLength
        && AlphaDigit.Contains(name[0])
        && !name.ContainsAnyExcept(FieldNameOctets);

    // RFC 8461 §3.1: sts-ext-value is visible ASCII without "=" and ";".
    private static bool IsFieldValue(ReadOnlySpan<byte> value) =>
        !value.IsEmpty && !value.ContainsAnyExceptInRange((byte)'!', (byte)'~') && !value.Contains((byte)'=');

    private static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text) => text.TrimStart(" \t"u8);

    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> text) => text.TrimEnd(" \t"u8);
}
