using System.Buffers.Binary;
using System.Text;
using Relay.Lab.Dns;

namespace Relay.TestKit;

/// <summary>Builds messages octet by octet, right or wrong as told; names are written without compression.</summary>
internal sealed class MessageBuilder
{
    private readonly List<byte> _octets;

    private MessageBuilder(List<byte> octets) => _octets = octets;

    /// <summary>A response of code NOERROR with the question given.</summary>
    public static MessageBuilder Answer(ushort id, string name, int type) =>
        new([(byte)(id >> 8), (byte)id, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, .. Name(name), (byte)(type >> 8), (byte)type, 0, 1]);

    public static MessageBuilder AnswerTo(LabDnsQuery query) => Answer((ushort)query.Id, query.Name, (int)query.Type);

    public static byte[] Name(string name) =>
        [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(label => Encoding.Latin1.GetBytes(label).Prepend((byte)label.Length)), 0];

    public MessageBuilder Record(string owner, int type, byte[] data, int ttl = 60) => Record(section: 1, Name(owner), type, data, ttl);

    public MessageBuilder Record(byte[] owner, int type, byte[] data) => Record(section: 1, owner, type, data, ttl: 60);

    public MessageBuilder Authority(string owner, int type, byte[] data, int ttl = 60) => Record(section: 2, Name(owner), type, data, ttl);

    public MessageBuilder Additional(string owner, int type, byte[] data, int ttl = 60) => Record(section: 3, Name(owner), type, data, ttl);

    public MessageBuilder Set(int offset, byte value)
    {
        _octets[offset] = value;
        return this;
    }

    public byte[] Build() => [.. _octets];

    private MessageBuilder Record(int section, byte[] owner, int type, byte[] data, int ttl)
    {
        _octets.AddRange(owner);
        Span<byte> rest = stackalloc byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)type);
        rest[3] = 1;
        BinaryPrimitives.WriteInt32BigEndian(rest[4..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(rest[8..], (ushort)data.Length);
        _octets.AddRange(rest);
        _octets.AddRange(data);
        _octets[5 + (2 * section)]++;
        return this;
    }
}
