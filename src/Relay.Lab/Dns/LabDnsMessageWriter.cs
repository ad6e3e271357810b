using System.Buffers.Binary;
using System.Text;

namespace Relay.Lab.Dns;

/// <summary>
/// Writes the lab's answers, names compressed (RFC 1035 §4.1.4). Shares nothing with the code it tests.
/// </summary>
internal sealed class LabDnsMessageWriter
{
    private readonly MemoryStream _buffer = new(512);
    private readonly Dictionary<string, int> _offsets = [];

    /// <summary>Starts an answer: the header, QR, AA, RD and RA set, and the question as it was asked.</summary>
    public LabDnsMessageWriter(LabDnsQuery query, int rcode, bool authentic)
    {
        _buffer.Write(query.Message.Span[..2]);
        var recursionDesired = query.Message.Span[2] & 0x01;
        _buffer.Write(
            [(byte)(0x84 | recursionDesired), (byte)(0x80 | (authentic ? 0x20 : 0) | rcode), 0, 1, 0, 0, 0, 0, 0, 0]);
        _buffer.Write(query.Question);
        Remember(query.Name, 12);
    }

    /// <summary>Adds a record to a section: 1 answer, 2 authority, 3 additional.</summary>
    public void Add(LabDnsRecord record, int section)
    {
        WriteName(record.Owner);
        Span<byte> fixedPart = stackalloc byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(fixedPart, (ushort)record.Type);
        BinaryPrimitives.WriteUInt16BigEndian(fixedPart[2..], 1);
        BinaryPrimitives.WriteInt32BigEndian(fixedPart[4..], record.TimeToLive);
        _buffer.Write(fixedPart);
        var start = (int)_buffer.Length;
        _buffer.Write(record.Lead);
        foreach (var name in record.Names)
        {
            WriteName(name);
        }

        _buffer.Write(record.Tail);
        BinaryPrimitives.WriteUInt16BigEndian(
            _buffer.GetBuffer().AsSpan(start - 2), checked((ushort)(_buffer.Length - start)));
        Count(section);
    }

    /// <summary>Adds the OPT record that answers the client's (RFC 6891 §6.1.1).</summary>
    public void AddOpt()
    {
        _buffer.Write([0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]);
        Count(section: 3);
    }

    /// <summary>The message so far.</summary>
    public byte[] ToArray() => _buffer.ToArray();

    private void Count(int section)
    {
        var count = _buffer.GetBuffer().AsSpan(4 + (2 * section));
        BinaryPrimitives.WriteUInt16BigEndian(count, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(count) + 1));
    }

    private void WriteName(string name)
    {
        for (var rest = name; rest.Length > 0;)
        {
            if (_offsets.TryGetValue(rest, out var offset))
            {
                _buffer.Write([(byte)(0xC0 | (offset >> 8)), (byte)offset]);
                return;
            }

            if (_buffer.Length < 0x4000)
            {
                _offsets[rest] = (int)_buffer.Length;
            }

            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            var label = dot < 0 ? rest : rest[..dot];
            _buffer.WriteByte(checked((byte)label.Length));
            _buffer.Write(Encoding.Latin1.GetBytes(label));
            rest = dot < 0 ? string.Empty : rest[(dot + 1)..];
        }

        _buffer.WriteByte(0);
    }

    private void Remember(string name, int offset)
    {
        for (var rest = name; rest.Length > 0;)
        {
            _offsets[rest] = offset;
            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            offset += dot + 1;
            rest = dot < 0 ? string.Empty : rest[(dot + 1)..];
        }
    }
}
