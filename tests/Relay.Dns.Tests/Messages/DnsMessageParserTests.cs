using Relay.Dns.Messages;

namespace Relay.Dns.Tests.Messages;

public class DnsMessageParserTests
{
    private const ushort Id = 0x1234;
    private const int QuestionEnd = 12 + 9 + 4;

    private static readonly DnsQuestion Question = new(ResolverLab.Name("example"), DnsRecordType.Mx);

    /// <summary>Messages that keep the format, each with every part that ours may have.</summary>
    public static TheoryData<string, byte[]> Sound => new()
    {
        { "empty", Start().Build() },
        { "mx", Start().Record("example", 15, [0, 10, .. MessageBuilder.Name("mx.example")]).Build() },
        { "mx compressed", Start().Record([0xC0, 12], 15, [0, 10, 2, .. "mx"u8, 0xC0, 12]).Build() },
        { "cname, txt, tlsa, soa, opt", Start()
            .Record("example", 5, MessageBuilder.Name("a.example")).Record("a.example", 16, [3, .. "abc"u8, 0])
            .Record("a.example", 52, [3, 1, 1, 9, 9]).Record("a.example", 1, [1, 2, 3, 4]).Record("a.example", 28, new byte[16])
            .Authority("example", 6, [.. MessageBuilder.Name("ns.example"), .. MessageBuilder.Name("h.example"), .. new byte[20]])
            .Additional("", 41, []).Build() },
        { "of unknown type and class", Start().Record("example", 65_000, [1, 2, 3]).Additional("x", 2, [0]).Build() },
    };

    [Theory, MemberData(nameof(Sound))]
    public void Parse_SoundMessage_IsParsed(string what, byte[] message)
    {
        Assert.NotNull(what);
        Assert.Equal(ParseOutcome.Parsed, Parse(message, out _));
    }

    [Theory, MemberData(nameof(Sound))]
    public void Parse_CutAtEveryOctet_IsNotOursOrMalformed(string what, byte[] message)
    {
        Assert.NotNull(what);
        for (var length = 0; length < message.Length; length++)
        {
            var expected = length < QuestionEnd ? ParseOutcome.NotOurs : ParseOutcome.Malformed;
            Assert.Equal(expected, Parse(message.AsSpan(0, length), out var parsed));
            Assert.Null(parsed);
        }
    }

    [Theory, MemberData(nameof(Sound))]
    public void Parse_OctetsBehindTheEnd_IsMalformed(string what, byte[] message)
    {
        Assert.NotNull(what);
        Assert.Equal(ParseOutcome.Malformed, Parse([.. message, 0], out _));
    }

    [Theory, MemberData(nameof(Sound))]
    public void Parse_EveryOctetEveryBitFlipped_NeverThrows(string what, byte[] message)
    {
        Assert.NotNull(what);
        for (var bit = 0; bit < message.Length * 8; bit++)
        {
            var changed = message.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Parse(changed, out _);
        }
    }

    [Fact]
    public void Parse_RandomOctets_NeverThrowsAndEndsInTime()
    {
        var random = new Random(8461);
        var sound = Sound.Select(row => row.Data.Item2).ToList();
        for (var round = 0; round < 50_000; round++)
        {
            var seed = sound[random.Next(sound.Count)];
            var message = new byte[seed.Length + random.Next(64)];
            random.NextBytes(message);
            seed.AsSpan(0, random.Next(QuestionEnd, seed.Length + 1)).CopyTo(message);
            for (var change = random.Next(4); change > 0; change--)
            {
                message[random.Next(QuestionEnd, message.Length + 1) - 1] = (byte)random.Next(256);
            }

            var outcome = Parse(message, out var parsed);
            Assert.Equal(outcome is ParseOutcome.Parsed, parsed is not null);
            if (parsed is { IsTruncated: false })
            {
                // What was read must also be survived by the one who follows its aliases.
                _ = new Resolution(Question).Take(new ServerReply(parsed, IsAuthenticated: false, default, "fuzz"))?.IsDefinitive;
            }
        }
    }

    [Theory] // RFC 1035 §4.1.4
    [InlineData(QuestionEnd)] // At itself.
    [InlineData(QuestionEnd + 2)] // Forward.
    [InlineData(0x3FFF)] // Out of the message.
    [InlineData(3)] // Into the header.
    public void Parse_PointerNotToAPriorName_IsMalformed(int target)
    {
        var message = Start().Record([(byte)(0xC0 | (target >> 8)), (byte)target], 1, [1, 2, 3, 4]).Build();

        Assert.Equal(ParseOutcome.Malformed, Parse(message, out _));
    }

    [Fact] // RFC 1035 §4.1.4: a label and a pointer back to it.
    public void Parse_PointerLoopThroughALabel_IsMalformed()
    {
        var message = Start().Record([1, (byte)'a', 0xC0, QuestionEnd], 1, [1, 2, 3, 4]).Build();

        Assert.Equal(ParseOutcome.Malformed, Parse(message, out _));
    }

    [Fact] // RFC 1035 §2.3.4
    public void Parse_NameOfMoreThan255Octets_IsMalformed()
    {
        Assert.Equal(ParseOutcome.Parsed, Parse(WithNameOf(255), out _));
        Assert.Equal(ParseOutcome.Malformed, Parse(WithNameOf(256), out _));

        static byte[] WithNameOf(int octets)
        {
            var label = Enumerable.Repeat((byte)'a', 63).Prepend((byte)63).ToArray();
            var last = octets - 1 - (3 * 64);
            byte[] name = [.. label, .. label, .. label, (byte)(last - 1), .. Enumerable.Repeat((byte)'b', last - 1), 0];
            return Start().Record(name, 1, [1, 2, 3, 4]).Build();
        }
    }

    [Fact] // RFC 1035 §2.3.4: each pointer adds its octets to the name.
    public void Parse_NameGrownByPointers_IsMalformed()
    {
        var label = Enumerable.Repeat((byte)'a', 63).Prepend((byte)63).ToArray();
        var builder = Start().Record([.. label, 0], 1, [1, 2, 3, 4]);
        var previous = QuestionEnd;
        for (var i = 0; i < 4; i++)
        {
            var at = builder.Build().Length;
            builder.Record([.. label, (byte)(0xC0 | (previous >> 8)), (byte)previous], 1, [1, 2, 3, 4]);
            previous = at;
        }

        Assert.Equal(ParseOutcome.Malformed, Parse(builder.Build(), out _));
    }

    [Fact] // A message full of pointers to pointers costs no more than its length allows.
    public void Parse_LongChainOfPointers_IsMalformed()
    {
        var chain = new byte[60_000];
        for (var at = 0; at < chain.Length; at += 2)
        {
            var target = Math.Min(QuestionEnd + 1 + 10 + at - 2, 0x3FFF);
            (chain[at], chain[at + 1]) = ((byte)(0xC0 | (target >> 8)), (byte)target);
        }

        var builder = Start().Record("", 65_000, chain);
        for (var i = 0; i < 200; i++)
        {
            builder.Record([0xFF, 0xF0], 1, [1, 2, 3, 4]);
        }

        Assert.Equal(ParseOutcome.Malformed, Parse(builder.Build(), out _));
    }

    [Theory] // RFC 1035 §3.3, §3.4.1; RFC 3596 §2.2; RFC 6698 §2.1
    [InlineData(1, 3)]
    [InlineData(1, 5)]
    [InlineData(28, 15)]
    [InlineData(28, 4)]
    [InlineData(15, 0)]
    [InlineData(15, 2)]
    [InlineData(16, 0)]
    [InlineData(52, 2)]
    [InlineData(5, 0)]
    [InlineData(6, 21)]
    [InlineData(6, 23)]
    public void Parse_DataOfWrongLength_IsMalformed(int type, int length)
    {
        Assert.Equal(ParseOutcome.Malformed, Parse(Start().Record("example", type, new byte[length]).Build(), out _));
    }

    [Fact]
    public void Parse_NameRunsBeyondItsData_IsMalformed()
    {
        var message = Start().Record("example", 5, [5, .. "ab"u8]).Record("example", 5, MessageBuilder.Name("x.example")).Build();

        Assert.Equal(ParseOutcome.Malformed, Parse(message, out _));
    }

    [Fact]
    public void Parse_CharacterStringRunsBeyondItsData_IsMalformed()
    {
        Assert.Equal(ParseOutcome.Malformed, Parse(Start().Record("example", 16, [5, .. "abc"u8]).Build(), out _));
    }

    [Fact] // RFC 6891 §6.1.1
    public void Parse_OptOutOfPlaceOrTwice_IsMalformed()
    {
        Assert.Equal(ParseOutcome.Malformed, Parse(Start().Record("", 41, []).Build(), out _));
        Assert.Equal(ParseOutcome.Malformed, Parse(Start().Additional("x", 41, []).Build(), out _));
        Assert.Equal(ParseOutcome.Malformed, Parse(Start().Additional("", 41, []).Additional("", 41, []).Build(), out _));
    }

    [Fact] // RFC 6891 §6.1.3
    public void Parse_Opt_ExtendsTheCode()
    {
        Assert.Equal(ParseOutcome.Parsed, Parse(Start().Set(3, 0x81).Additional("", 41, [], ttl: 0x01000000).Build(), out var message));
        Assert.Equal(17, message!.Code);
    }

    [Fact] // RFC 2181 §9
    public void Parse_Truncated_HasNoRecords()
    {
        Assert.Equal(ParseOutcome.Parsed, Parse(Start().Set(2, 0x83).Record("example", 15, [1]).Build(), out var message));
        Assert.True(message!.IsTruncated);
        Assert.Empty(message.Answers);
    }

    [Fact] // RFC 4343 §3
    public void Parse_QuestionInOtherCase_IsOurs()
    {
        Assert.Equal(ParseOutcome.Parsed, Parse(MessageBuilder.Answer(Id, "EXAMPLE", 15).Build(), out _));
    }

    private static MessageBuilder Start() => MessageBuilder.Answer(Id, "example", 15);

    private static ParseOutcome Parse(ReadOnlySpan<byte> message, out DnsMessage? parsed) =>
        DnsMessageParser.Parse(message, Id, Question, out parsed);
}
