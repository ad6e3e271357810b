using System.Diagnostics;

namespace Relay.Lab.Dns;

/// <summary>Makes the octets of answers: true ones from the zone, and the ways to spoil them.</summary>
internal static class LabDnsAnswers
{
    private const int NameError = 3;
    private const int FormatError = 1;

    /// <summary>
    /// The answer as the zone says; over UDP cut to what the client takes, with TC set (RFC 2181 §9).
    /// </summary>
    public static byte[] True(LabDnsServer server, LabDnsQuery query)
    {
        if (query.EdnsPayload is not null && !server.UnderstandsEdns)
        {
            return Empty(query, FormatError);
        }

        var (records, exists, soa) = server.Zone.Find(query.Name, query.Type, server.FollowsAliases);
        var writer = new LabDnsMessageWriter(query, exists ? 0 : NameError, server.Authenticates);
        records.ForEach(record => writer.Add(record, section: 1));
        if (!server.OmitsSoa
            && (records.Count == 0 || !exists || (records[^1].Type != query.Type && server.FollowsAliases)))
        {
            writer.Add(soa, section: 2);
        }

        if (query.EdnsPayload is not null)
        {
            writer.AddOpt();
        }

        var answer = writer.ToArray();
        return !query.OverTcp && answer.Length > Math.Max(512, query.EdnsPayload ?? 0) ? Truncated(query) : answer;
    }

    public static byte[] Empty(LabDnsQuery query, int code) =>
        new LabDnsMessageWriter(query, code, authentic: false).ToArray();

    public static byte[] Truncated(LabDnsQuery query)
    {
        var answer = Empty(query, code: 0);
        answer[2] |= 0x02;
        return answer;
    }

    public static byte[] Forged(LabDnsQuery query, LabDnsForgery forgery)
    {
        var asked = forgery switch
        {
            LabDnsForgery.WrongName => WithPatch(query, 13, (byte)(query.Message.Span[13] ^ 0x01)),
            LabDnsForgery.WrongType => WithPatch(query, 12 + query.Question.Length - 3, 99),
            _ => query,
        };
        var writer = new LabDnsMessageWriter(asked, rcode: 0, authentic: true);
        writer.Add(new LabDnsRecord(query.Name, LabDnsType.A, 86_400, [203, 0, 113, 66], [], []), section: 1);
        var answer = writer.ToArray();
        switch (forgery)
        {
            case LabDnsForgery.WrongId:
                answer[1] ^= 0x01;
                break;
            case LabDnsForgery.NotAnAnswer:
                answer[2] &= 0x7F;
                break;
            case LabDnsForgery.NoQuestion:
                answer = [.. answer[..4], 0, 0, .. answer[6..12], 0, .. answer[^14..]];
                break;
            default:
                break;
        }

        return answer;
    }

    public static byte[] Damaged(byte[] answer, LabDnsQuery query, LabDnsDamage damage)
    {
        var questionEnd = 12 + query.Question.Length;
        byte[] oneAnswer = [.. answer[..6], 0, 1, 0, 0, 0, 0, .. query.Question];
        switch (damage)
        {
            case LabDnsDamage.CutShort:
                return answer[..(questionEnd + ((answer.Length - questionEnd) / 2))];
            case LabDnsDamage.CompressionLoop:
                return [.. oneAnswer, 0xC0, (byte)questionEnd, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4];
            case LabDnsDamage.LyingCount:
                answer[6] = answer[7] = 0xFF;
                return answer;
            case LabDnsDamage.LyingLength:
                return [.. oneAnswer, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0xFF, 0xFF, 1, 2, 3, 4];
            case LabDnsDamage.Oversize:
                return [.. answer, .. new byte[(query.OverTcp ? 65_535 : 4_000) - answer.Length]];
            case LabDnsDamage.Garbage:
                var noise = new byte[200];
                new Random(20_261_122).NextBytes(noise);
                return [.. answer[..questionEnd], .. noise];
            default:
                throw new UnreachableException();
        }
    }

    private static LabDnsQuery WithPatch(LabDnsQuery query, int at, byte value)
    {
        var message = query.Message.ToArray();
        message[at] = value;
        return query with { Message = message };
    }
}
