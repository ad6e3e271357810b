using Relay.Dns.Messages;

namespace Relay.Dns.Transport;

/// <summary>A query as it is sent once.</summary>
internal readonly record struct DnsQuery(ushort Id, DnsQuestion Question, bool WithEdns, bool WantsAuthenticity)
{
    public int Write(Span<byte> destination) =>
        DnsQueryWriter.Write(destination, Id, Question, WithEdns, WantsAuthenticity);

    public TransportReply Read(ReadOnlySpan<byte> message) =>
        new(DnsMessageParser.Parse(message, Id, Question, out var parsed), parsed, IsOversize: false);
}
