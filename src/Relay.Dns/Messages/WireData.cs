using System.Buffers.Binary;
using System.Net;
using Relay.Mail;

namespace Relay.Dns.Messages;

/// <summary>Where a record's data stand in the message, and how each type is read from there.</summary>
internal readonly record struct WireData(int Start, int End)
{
    private const int SoaNumbersLength = 20;

    /// <summary>Reads the data; they must fill their length exactly.</summary>
    public static DataRead Read(
        ReadOnlySpan<byte> message, WireData data, DnsRecordType type, DomainName owner, TimeSpan ttl)
    {
        var octets = message[data.Start..data.End];
        return type switch
        {
            DnsRecordType.A when octets.Length == 4 =>
                DataRead.Of(new DnsRecord.Address(owner, ttl, new IPAddress(octets))),
            DnsRecordType.Aaaa when octets.Length == 16 =>
                DataRead.Of(new DnsRecord.Address(owner, ttl, new IPAddress(octets))),
            DnsRecordType.Cname => data.Named(message, 0, target => new DnsRecord.Alias(owner, ttl, target)),
            DnsRecordType.Mx when octets.Length > 2 => data.Exchange(message, owner, ttl),
            DnsRecordType.Txt => Text(octets, owner, ttl),
            DnsRecordType.Tlsa when octets.Length >= 3 => DataRead.Of(new DnsRecord.TlsAssociation(
                owner, ttl, octets[0], octets[1], octets[2], octets[3..].ToArray())),
            DnsRecordType.Soa => data.Authority(message, owner, ttl),
            DnsRecordType.A or DnsRecordType.Aaaa or DnsRecordType.Mx or DnsRecordType.Tlsa => DataRead.Broken,
            _ => DataRead.OtherType,
        };
    }

    private DataRead Exchange(ReadOnlySpan<byte> message, DomainName owner, TimeSpan ttl)
    {
        int preference = BinaryPrimitives.ReadUInt16BigEndian(message[Start..]);
        return Named(message, 2, exchange => new DnsRecord.MailExchange(owner, ttl, preference, exchange));
    }

    // Data that end in a name.
    private DataRead Named(ReadOnlySpan<byte> message, int nameAt, Func<DomainName, DnsRecord> make)
    {
        Span<char> text = stackalloc char[WireName.MaxTextLength];
        var offset = Start + nameAt;

        // Up to End only: a name must not run into the next record. Pointers lead backwards and so stay inside.
        if (!WireName.TryRead(message[..End], ref offset, text, out var length) || offset != End)
        {
            return DataRead.Broken;
        }

        return length < 0 ? DataRead.Unusable : DataRead.Of(make(DomainName.FromWire(text[..length])));
    }

    // RFC 1035 §3.3.14: one or more character-strings, each a length octet and so many octets.
    private static DataRead Text(ReadOnlySpan<byte> octets, DomainName owner, TimeSpan ttl)
    {
        var strings = new List<ReadOnlyMemory<byte>>();
        ReadOnlyMemory<byte> copy = octets.ToArray();
        for (var at = 0; at < copy.Length;)
        {
            var end = at + 1 + octets[at];
            if (end > copy.Length)
            {
                return DataRead.Broken;
            }

            strings.Add(copy[(at + 1)..end]);
            at = end;
        }

        return strings.Count == 0 ? DataRead.Broken : DataRead.Of(new DnsRecord.Text(owner, ttl, strings));
    }

    private DataRead Authority(ReadOnlySpan<byte> message, DomainName owner, TimeSpan ttl)
    {
        var offset = Start;
        if (!WireName.TrySkip(message[..End], ref offset)
            || !WireName.TrySkip(message[..End], ref offset)
            || offset + SoaNumbersLength != End)
        {
            return DataRead.Broken;
        }

        var minimum = BinaryPrimitives.ReadUInt32BigEndian(message[(End - 4)..]);
        return DataRead.Of(new DnsRecord.Authority(owner, ttl, TimeSpan.FromSeconds(minimum)));
    }
}
