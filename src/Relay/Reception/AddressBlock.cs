using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Relay.Reception;

/// <summary>
/// The addresses that count as one in limits. A client is one IPv4 address, or the /64 that an IPv6 host chooses its address in
/// as it pleases (RFC 4291 §2.5.1); a network is a /24, or the /48 that one site is given (RFC 6177 §1).
/// </summary>
/// <param name="Prefix">The address, IPv4 mapped into IPv6, with the host's bits cleared.</param>
internal readonly record struct AddressBlock(UInt128 Prefix)
{
    private const int Bits = 128;
    private const int MappedBits = 96;

    /// <summary>Its first address.</summary>
    public IPAddress First
    {
        get
        {
            Span<byte> octets = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(octets, Prefix);
            var address = new IPAddress(octets);
            return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        }
    }

    /// <summary>The block of one client.</summary>
    public static AddressBlock OfClient(IPAddress address) => Cut(address, 32, 64);

    /// <summary>The block of its network.</summary>
    public static AddressBlock OfNetwork(IPAddress address) => Cut(address, 24, 48);

    private static AddressBlock Cut(IPAddress address, int bitsOfFour, int bitsOfSix)
    {
        Span<byte> octets = stackalloc byte[16];
        var isFour = address.AddressFamily == AddressFamily.InterNetwork;
        if (isFour)
        {
            octets[10] = octets[11] = byte.MaxValue;
        }

        address.TryWriteBytes(isFour ? octets[12..] : octets, out _);
        var kept = isFour || address.IsIPv4MappedToIPv6 ? MappedBits + bitsOfFour : bitsOfSix;
        return new AddressBlock(BinaryPrimitives.ReadUInt128BigEndian(octets) & (UInt128.MaxValue << (Bits - kept)));
    }
}
