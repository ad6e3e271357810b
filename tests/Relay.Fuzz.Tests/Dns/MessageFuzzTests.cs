using FsCheck;
using FsCheck.Fluent;
using Relay.Dns;
using Relay.Dns.Messages;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;

namespace Relay.Fuzz.Tests.Dns;

/// <summary>Messages of name servers, as answers to one question.</summary>
public sealed class MessageFuzzTests
{
    private const ushort Id = 0x1234;
    private const int QuestionEnd = 12 + 9 + 4;

    // RFC 1035 §4.1.3: the root as owner, type, class, TTL, length of no data.
    private const int LeastRecord = 11;

    private static readonly DnsQuestion Question = new(Name("example"), DnsRecordType.Mx);

    private static readonly byte[] Front = MessageBuilder.Answer(Id, "example", 15).Build();

    private static readonly Gen<byte[]> Label = Gen.Frequency(
        (12, Grammar.Of("\u0001a", "\u0002mx", "\u0007example", "\u0007EXAMPLE", "\u0004_tcp", "\u003F" + new string('x', 63))),
        (1, Grammar.Of("\u0040x", "\u0003a.b", "\u0002 \u0000", "\u0002\u00FC\u00FF", "\u0000", "\u0080")));

    // To a prior name mostly; now and then forward, into the header, out of the message, or to itself.
    private static readonly Gen<byte[]> Pointer = Gen.Frequency(
            (9, Gen.Elements(12, 12, 20, QuestionEnd, QuestionEnd + 11)), (1, Gen.Choose(0, 0x3FFF)), (3, Gen.Choose(QuestionEnd, QuestionEnd + 80)))
        .Select(target => new[] { (byte)(0xC0 | (target >> 8)), (byte)target });

    private static readonly Gen<byte[]> WireName = Grammar.Row(
        Gen.Frequency((12, Grammar.Times(0, 3, Label)), (1, Grammar.Times(120, 130, Label))), Gen.Frequency((3, Pointer), (2, Gen.Constant(new byte[] { 0 }))));

    private static readonly Gen<(int Type, byte[] Data)> Data = Gen.OneOf(
        WireName.Select(name => (5, name)),
        WireName.Select(name => (2, name)),
        WireName.Select(name => (15, (byte[])[0, 10, .. name])),
        Grammar.Times(0, 4, Grammar.Of("\u0003abc", "\u0000", "\u0010v=STSv1; id=abcd", "\u00FF" + new string('t', 255), "\u0005ab")).Select(text => (16, text)),
        Gen.Elements(4, 4, 4, 3, 16).Select(length => (1, new byte[length])),
        Gen.Elements(16, 16, 4).Select(length => (28, new byte[length])),
        Gen.Elements(2, 3, 35).Select(length => (52, new byte[length])),
        Gen.Two(WireName).Select(names => (6, (byte[])[.. names.Item1, .. names.Item2, .. new byte[20]])),
        Grammar.Noise.Select(octets => (41, octets)),
        Grammar.Noise.Select(octets => (65_000, octets)));

    private static readonly Gen<byte[]> Record =
        from owner in WireName
        from data in Data
        from ttl in Gen.Elements(0, 60, int.MaxValue, -1)
        from lie in Gen.Frequency((30, Gen.Constant(0)), (1, Gen.Elements(-1, 1, 1000)))
        select RecordOf(data.Type == 41 ? [0] : owner, data.Type, data.Data, ttl, lie);

    private static readonly Gen<byte[]> Messages =
        from answers in Record.ListOf()
        from authorities in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(0, 3)))
        from additionals in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Constant(1)))
        from flags in Gen.Frequency((12, Gen.Elements(0x8180, 0x81A0, 0x8183, 0x8182)), (1, Gen.Elements(0x8380, 0x0100, 0xFFFF)))
        from lie in Gen.Frequency((12, Gen.Constant(0)), (1, Gen.Elements(-1, 1, 0xFFFF)))
        select MessageOf(answers, (authorities, additionals), flags, lie);

    private static readonly FuzzTarget Target = new("dns-message", Seeds(), Messages, Read)
    {
        Tokens = [.. new[] { "\u00C0\u000C", "\u00C0\u0019", "\0\u000F\0\u0001", "\0\u0010\0\u0001", "\0\u0005\0\u0001", "\0\0\u0029", "\u0007example\0", "\u003F" }.Select(Grammar.Octets)],
        Extremes = [Chain(), ManyRecords()],
        MaxLength = 65_535,
        Allocation = 256 * 1024,
    };

    [Fact] // RFC 1035 §4.1: any octets that follow our question
    public void Parse_AnyOctets_IsBoundedAndSound() => FuzzRun.Of(Target);

    private static DomainName Name(string text)
    {
        Assert.True(DomainName.TryParse(text, out var name));
        return name;
    }

    private static byte[][] Seeds() =>
    [
        Start().Build(), Front[..12], Front,
        Start().Record("example", 15, [0, 10, .. MessageBuilder.Name("mx.example")]).Record("example", 15, [0, 0, 0]).Build(),
        Start().Record([0xC0, 12], 15, [0, 10, 2, .. "mx"u8, 0xC0, 12]).Additional("", 41, []).Build(),
        Start().Record("example", 5, MessageBuilder.Name("a.example")).Record("a.example", 5, MessageBuilder.Name("example")).Build(),
        Start().Record("example", 16, [3, .. "abc"u8, 0]).Record("example", 52, [3, 1, 1, 9, 9]).Record("example", 1, [1, 2, 3, 4]).Record("example", 28, new byte[16]).Build(),
        Start().Set(3, 0x83).Authority("example", 6, [.. MessageBuilder.Name("ns.example"), .. MessageBuilder.Name("h.example"), .. new byte[20]]).Build(),
    ];

    // Pointers to pointers, and records whose names are the end of that chain.
    private static byte[] Chain()
    {
        var chain = new byte[60_000];
        for (var at = 0; at < chain.Length; at += 2)
        {
            var target = Math.Min(QuestionEnd + 11 + Math.Max(0, at - 2), 0x3FFF);
            (chain[at], chain[at + 1]) = ((byte)(0xC0 | (target >> 8)), (byte)target);
        }

        var builder = Start().Record("", 65_000, chain);
        for (var i = 0; i < 200; i++)
        {
            builder.Record([0xFF, 0xF0], 1, [1, 2, 3, 4]);
        }

        return builder.Build();
    }

    // As many records as fit, each with the longest name that pointers allow.
    private static byte[] ManyRecords()
    {
        byte[] label = [63, .. Enumerable.Repeat((byte)'a', 63)];
        var longest = Start().Record([.. label, .. label, .. label, 0], 65_000, []);
        byte[] record = [0xC0, QuestionEnd, 0, 16, 0, 1, 0, 0, 0, 60, 0, 1, 0];
        var count = (65_535 - longest.Build().Length) / record.Length;
        byte[] message = [.. longest.Build(), .. Enumerable.Repeat(record, count).SelectMany(octets => octets)];
        (message[6], message[7]) = ((byte)((count + 1) >> 8), (byte)(count + 1));
        return message;
    }

    private static MessageBuilder Start() => MessageBuilder.Answer(Id, "example", 15);

    private static byte[] RecordOf(byte[] owner, int type, byte[] data, int ttl, int lie)
    {
        var length = data.Length + lie;
        return
        [
            .. owner, (byte)(type >> 8), (byte)type, 0, 1, (byte)(ttl >> 24), (byte)(ttl >> 16), (byte)(ttl >> 8), (byte)ttl,
            (byte)(length >> 8), (byte)length, .. data,
        ];
    }

    private static byte[] MessageOf(List<byte[]> records, (int Authorities, int Additionals) last, int flags, int lie)
    {
        var additionals = Math.Min(last.Additionals, records.Count);
        var authorities = Math.Min(last.Authorities, records.Count - additionals);
        var answers = records.Count - authorities - additionals + lie;
        byte[] message = [.. Front, .. records.SelectMany(record => record)];
        (message[2], message[3]) = ((byte)(flags >> 8), (byte)flags);
        (message[6], message[7]) = ((byte)(answers >> 8), (byte)answers);
        (message[9], message[11]) = ((byte)authorities, (byte)additionals);
        return message;
    }

    private static Reading Read(byte[] message)
    {
        var outcome = DnsMessageParser.Parse(message, Id, Question, out var parsed);
        var resolution = parsed is { IsTruncated: false } ? new Resolution(Question) : null;
        var answer = resolution?.Take(new ServerReply(parsed!, IsAuthenticated: false, default, "fuzz"));
        return new Reading(parsed is not null, () =>
        {
            Assert.Equal(outcome is ParseOutcome.Parsed, parsed is not null);
            Assert.True(answer is null || !answer.IsDefinitive || answer.Records is not null);
            if (parsed is null)
            {
                return;
            }

            Assert.InRange(parsed.Code, 0, 0xFFF);
            Assert.InRange(parsed.Answers.Count, 0, message.Length / LeastRecord);
            foreach (var record in parsed.Answers)
            {
                Check(record, message.Length);
            }

            CheckSurroundings(message, parsed);
        });
    }

    private static void Check(DnsRecord record, int most)
    {
        CheckName(record.Owner);
        Assert.True(record.TimeToLive >= TimeSpan.Zero);
        switch (record)
        {
            case DnsRecord.Alias alias:
                CheckName(alias.Target);
                break;
            case DnsRecord.MailExchange exchange:
                Assert.InRange(exchange.Preference, 0, 0xFFFF);
                CheckName(exchange.Exchange);
                break;
            case DnsRecord.Text text:
                Assert.InRange(text.Strings.Sum(part => part.Length + 1), 1, most);
                Assert.All(text.Strings, part => Assert.InRange(part.Length, 0, 255));
                break;
            default:
                break;
        }
    }

    private static void CheckName(DomainName name)
    {
        Assert.InRange(name.Value.Length, 0, 253);
        if (!name.IsRoot)
        {
            Assert.All(name.Value.Split('.'), label => Assert.InRange(label.Length, 1, 63));
            Assert.DoesNotContain(name.Value, character => character is <= ' ' or > '~' or (>= 'A' and <= 'Z'));

            // RFC 2181 §11: DNS carries names that nobody may write in mail; those that may be written are the same name.
            Assert.True(!DomainName.TryParse(name.Value, out var again) || again == name);
        }
    }

    // What stands around the message in memory has no part in what it says.
    private static void CheckSurroundings(byte[] message, DnsMessage parsed)
    {
        byte[] framed = [.. Enumerable.Repeat((byte)0xC0, 16), .. message, .. Enumerable.Repeat((byte)0, 300)];
        Assert.Equal(ParseOutcome.Parsed, DnsMessageParser.Parse(framed.AsSpan(16, message.Length), Id, Question, out var again));
        Assert.Equal((parsed.Code, parsed.IsReferral, parsed.Answers.Count), (again!.Code, again.IsReferral, again.Answers.Count));
        Assert.Equal(parsed.Answers.Select(record => record.Owner), again.Answers.Select(record => record.Owner));
    }
}
