using System.Buffers.Binary;
using System.Text;
using Relay.Mail;

namespace Relay.Dns.Messages;

/// <summary>Writes queries.</summary>
internal static class DnsQueryWriter
{
    // RFC 6891 §6.2.5 leaves the size to us: 1,232 octets fit the smallest IPv6 MTU, so that no answer is fragmented;
    // fragments are easily lost and easily forged.
    public const int UdpPayload = 1232;

    /// <summary>Enough for every query: header, the longest name, type, class, OPT.</summary>
    public const int MaxLength = 12 + 255 + 4 + 11;

    private const byte RecursionDesired = 0x01;
    private const byte AuthenticData = 0x20;
    private const byte ClassIn = 1;
    private const byte TypeOpt = 41;

    /// <summary>Writes a query and returns its length.</summary>
    public static int Write(
        Span<byte> destination, ushort id, DnsQuestion question, bool withEdns, bool wantsAuthenticity)
    {
        var header = destination[..12];
        header.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header, id);
        header[2] = RecursionDesired;

        // RFC 6840 §5.7: AD in a query asks for AD in the answer without asking for the signatures.
        header[3] = wantsAuthenticity ? AuthenticData : (byte)0;
        header[5] = 1;
        header[11] = withEdns ? (byte)1 : (byte)0;

        var length = 12 + WriteName(destination[12..], question.Name);
        ReadOnlySpan<byte> typeAndClass = [(byte)((int)question.Type >> 8), (byte)question.Type, 0, ClassIn];
        typeAndClass.CopyTo(destination[length..]);
        length += typeAndClass.Length;
        if (!withEdns)
        {
            return length;
        }

        // RFC 6891 §6.1.2: root name, OPT, our payload size as the class, version 0 and no flags as the TTL, no
        // options.
        ReadOnlySpan<byte> opt = [0, 0, TypeOpt, UdpPayload >> 8, UdpPayload & 0xFF, 0, 0, 0, 0, 0, 0];
        opt.CopyTo(destination[length..]);
        return length + opt.Length;
    }

    private static int WriteName(Span<byte> destination, DomainName name)
    {
        var length = 0;
        if (!name.IsRoot)
        {
            foreach (var range in name.Value.AsSpan().Split('.'))
            {
                var label = name.Value.AsSpan(range);
                destination[length] = (byte)label.Length;
                Encoding.ASCII.GetBytes(label, destination[(length + 1)..]);
                length += 1 + label.Length;
            }
        }

        destination[length] = 0;
        return length + 1;
    }
}
