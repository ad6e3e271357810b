using System.Buffers.Binary;

namespace Relay.Dns.Messages;

/// <summary>
/// Reads answers: a pure function of the octets received. Whatever they are, it ends after at most one pass over the
/// records that they have room for.
/// </summary>
internal static class DnsMessageParser
{
    private const int HeaderLength = 12;
    private const int TypeNs = 2;
    private const int TypeOpt = 41;
    private const int ClassIn = 1;

    /// <summary>
    /// Reads a message as the answer to <paramref name="question"/>, asked under <paramref name="id"/>.
    /// </summary>
    public static ParseOutcome Parse(
        ReadOnlySpan<byte> message, ushort id, DnsQuestion question, out DnsMessage? parsed)
    {
        parsed = null;
        if (!IsAnswerTo(message, id, question, out var offset))
        {
            return ParseOutcome.NotOurs;
        }

        var code = message[3] & 0x0F;
        if ((message[2] & 0x02) != 0)
        {
            // RFC 2181 §9: what is in a truncated answer is not to be used.
            parsed = new DnsMessage { Code = code, IsTruncated = true };
            return ParseOutcome.Parsed;
        }

        var sections = new Sections(question, code);
        for (var section = Section.Answer; section <= Section.Additional; section++)
        {
            for (var left = Count(message, section); left > 0; left--)
            {
                if (!TryReadRecord(message, ref offset, section, sections))
                {
                    return ParseOutcome.Malformed;
                }
            }
        }

        if (offset != message.Length)
        {
            // RFC 1035 §4.1: the counts say how many records there are. Octets behind the last mean that they lie, and
            // what has been left out may be the very record asked for.
            return ParseOutcome.Malformed;
        }

        parsed = sections.ToMessage(claimsAuthentic: (message[3] & 0x20) != 0);
        return ParseOutcome.Parsed;
    }

    // RFC 5452 §9.1: id and question must be those of the query; the connected socket has checked address and port.
    private static bool IsAnswerTo(ReadOnlySpan<byte> message, ushort id, DnsQuestion question, out int offset)
    {
        offset = HeaderLength;
        if (message.Length < HeaderLength
            || BinaryPrimitives.ReadUInt16BigEndian(message) != id
            || (message[2] & 0xF8) != 0x80)
        {
            return false;
        }

        if (Count(message, Section.Question) == 0)
        {
            // RFC 6891 §7: a server older than EDNS(0) answers FORMERR, often with the header alone.
            return (message[3] & 0x0F) == ResponseCode.FormatError;
        }

        Span<char> name = stackalloc char[WireName.MaxTextLength];
        if (Count(message, Section.Question) != 1
            || !WireName.TryRead(message, ref offset, name, out var length)
            || length < 0
            || offset + 4 > message.Length)
        {
            return false;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(message[offset..]);
        var @class = BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 2)..]);
        offset += 4;
        return type == (int)question.Type && @class == ClassIn && name[..length].SequenceEqual(question.Name.Value);
    }

    private static int Count(ReadOnlySpan<byte> message, Section section) =>
        BinaryPrimitives.ReadUInt16BigEndian(message[(4 + (2 * (int)section))..]);

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int offset, Section section, Sections sections)
    {
        Span<char> name = stackalloc char[WireName.MaxTextLength];
        if (!WireName.TryRead(message, ref offset, name, out var nameLength) || offset + 10 > message.Length)
        {
            return false;
        }

        var fixedPart = message[offset..];
        var type = BinaryPrimitives.ReadUInt16BigEndian(fixedPart);
        var @class = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]);
        var ttl = BinaryPrimitives.ReadInt32BigEndian(fixedPart[4..]);
        var dataEnd = offset + 10 + BinaryPrimitives.ReadUInt16BigEndian(fixedPart[8..]);
        var data = new WireData(offset + 10, dataEnd);
        offset = dataEnd;
        if (dataEnd > message.Length)
        {
            return false;
        }

        if (type == TypeOpt)
        {
            return sections.TryAddOpt(section, nameLength, ttl);
        }

        sections.HasNameServers |= section is Section.Authority && type == TypeNs;
        var isWanted = section is Section.Answer || (section is Section.Authority && type == (int)DnsRecordType.Soa);
        if (!isWanted || @class != ClassIn || nameLength < 0)
        {
            return true;
        }

        // RFC 2181 §8: a time to live with the top bit set is zero.
        var owner = sections.Owner(name[..nameLength]);
        var read = WireData.Read(message, data, (DnsRecordType)type, owner, TimeSpan.FromSeconds(Math.Max(0, ttl)));
        return sections.TryAdd(section, read);
    }
}
