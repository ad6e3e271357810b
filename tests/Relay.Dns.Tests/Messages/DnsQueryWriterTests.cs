using Relay.Dns.Messages;
using Relay.Mail;

namespace Relay.Dns.Tests.Messages;

public class DnsQueryWriterTests
{
    [Fact] // RFC 1035 §4.1, RFC 6891 §6.1.2, RFC 6840 §5.7
    public void Write_WithEverything_IsOctetForOctetAsTheRfcsSay()
    {
        var octets = Write(new DnsQuestion(ResolverLab.Name("_25._tcp.a"), DnsRecordType.Tlsa), withEdns: true, wantsAuthenticity: true);

        Assert.Equal<byte>(
            [
                0x12, 0x34, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1,
                3, .. "_25"u8, 4, .. "_tcp"u8, 1, .. "a"u8, 0, 0, 52, 0, 1,
                0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0,
            ],
            octets);
    }

    [Fact]
    public void Write_RootWithoutEdns_IsTheHeaderAndFiveOctets()
    {
        Assert.Equal<byte>(
            [0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 1],
            Write(new DnsQuestion(DomainName.Root, DnsRecordType.Mx), withEdns: false, wantsAuthenticity: false));
    }

    [Fact] // RFC 1035 §2.3.4
    public void Write_LongestName_Fits()
    {
        var label = new string('a', 63);
        var name = ResolverLab.Name($"{label}.{label}.{label}.{new string('b', 61)}");

        Assert.Equal(DnsQueryWriter.MaxLength, Write(new DnsQuestion(name, DnsRecordType.A), withEdns: true, wantsAuthenticity: false).Length);
    }

    private static byte[] Write(DnsQuestion question, bool withEdns, bool wantsAuthenticity)
    {
        var buffer = new byte[DnsQueryWriter.MaxLength];
        return buffer[..DnsQueryWriter.Write(buffer, 0x1234, question, withEdns, wantsAuthenticity)];
    }
}
