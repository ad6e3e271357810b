using System.Net;

namespace Relay.Lab.Dns;

/// <summary>One query as it arrived.</summary>
/// <param name="Name">Lower case, without a trailing dot; empty for the root.</param>
/// <param name="Type">The type asked for.</param>
/// <param name="OverTcp">It came over TCP.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="EdnsPayload">The UDP payload the client takes by EDNS(0); null when it sent no OPT record.</param>
/// <param name="Message">The octets of the query.</param>
public sealed record LabDnsQuery(
    string Name, LabDnsType Type, bool OverTcp, IPEndPoint Source, int? EdnsPayload, ReadOnlyMemory<byte> Message)
{
    /// <summary>The message id.</summary>
    public int Id => (Message.Span[0] << 8) | Message.Span[1];

    /// <summary>The client set the AD bit: it understands AD in the answer (RFC 6840 §5.7).</summary>
    public bool AskedForAuthenticData => (Message.Span[3] & 0x20) != 0;

    /// <summary>Reads a query with one question; null for anything else.</summary>
    internal static LabDnsQuery? Read(ReadOnlyMemory<byte> message, bool overTcp, IPEndPoint source)
    {
        var span = message.Span;
        if (span.Length < 17 || (span[2] & 0x80) != 0 || span[4] != 0 || span[5] != 1)
        {
            return null;
        }

        var labels = new List<string>();
        var at = 12;
        while (at < span.Length && span[at] is > 0 and < 64 and var length && at + 1 + length < span.Length)
        {
            labels.Add(System.Text.Encoding.Latin1.GetString(span.Slice(at + 1, length)));
            at += 1 + length;
        }

        if (at + 5 > span.Length || span[at] != 0)
        {
            return null;
        }

        var type = (LabDnsType)((span[at + 1] << 8) | span[at + 2]);
        var opt = span[(at + 5)..];
        int? payload = opt is [0, 0, 41, _, _, ..] ? (opt[3] << 8) | opt[4] : null;
        return new LabDnsQuery(string.Join('.', labels).ToLowerInvariant(), type, overTcp, source, payload, message);
    }

    /// <summary>The octets of the question section: name, type, class.</summary>
    internal ReadOnlySpan<byte> Question
    {
        get
        {
            var end = Message.Span[12..].IndexOf((byte)0) + 12 + 5;
            return Message.Span[12..end];
        }
    }
}
