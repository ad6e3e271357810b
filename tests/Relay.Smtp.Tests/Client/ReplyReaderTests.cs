using System.Text;
using Relay.Mail;
using Relay.Smtp.Client;

namespace Relay.Smtp.Tests.Client;

/// <summary>Replies: their grammar, their limits, and what remote parties make of both.</summary>
public sealed class ReplyReaderTests
{
    public static TheoryData<string, string> Good => new()
    {
        { "250 Ok\r\n", "250||Ok" },
        { "250\r\n", "250||" },
        { "250 \r\n", "250||" },
        { "299 unknown\r\n", "299||unknown" }, // SMTP-23: unknown codes go by their first digit
        { "499 unknown\r\n", "499||unknown" },
        { "599 unknown\r\n", "599||unknown" },
        { "250-a\r\n250-b\r\n250 c\r\n", "250||a/b/c" },
        { "250-a\r\n250-\r\n250\r\n", "250||a//" },
        { "250 2.1.5 Ok\r\n", "250|2.1.5|Ok" },
        { "550-5.1.1 no\r\n550 5.1.1 such user\r\n", "550|5.1.1|no/such user" },
        { "550-no\r\n550 5.1.1 such user\r\n", "550|5.1.1|no/such user" },
        { "450 5.1.1 not sure\r\n", "450||5.1.1 not sure" }, // EXT-21: the reply code decides
        { "550 5.1.1\r\n", "550|5.1.1|" },
        { "550 5.1.1111 x\r\n", "550||5.1.1111 x" },
        { "550 5..1 x\r\n", "550||5..1 x" },
        { "550 5.1.x y\r\n", "550||5.1.x y" },
        { "250 gr\u00FC\u00DF\r\n", "250||gr\u00FC\u00DF" }, // Latin-1 where it is no UTF-8
        { "250 gr\u00C3\u00BC\r\n", "250||gr\u00FC" }, // UTF-8 where it is
        { "250 a\u0000b\u001Bc\td\r\n", "250||a?b?c d" },
    };

    public static TheoryData<string> Bad =>
    [
        "\r\n", "25 x\r\n", "2500 x\r\n", "25a x\r\n", "150 x\r\n", "650 x\r\n", "050 x\r\n", "250+x\r\n", "Ok 250\r\n", " 250 x\r\n",
        "250-a\r\n251 b\r\n", "250-a\r\n550 b\r\n", "250 a\n", "250-a\n250 b\r\n", "250 a\rb\r\n", "250 a\r\r\n", "-250 a\r\n",
    ];

    [Theory] // SMTP-23, SMTP-24, EXT-21, RFC 5321 §4.2
    [MemberData(nameof(Good))]
    public void Reply_InTheGrammar_IsReadInEveryChunking(string octets, string expected)
    {
        var bytes = Encoding.Latin1.GetBytes(octets);
        foreach (var size in new[] { bytes.Length, 7, 1 })
        {
            var (status, reply) = ReadInChunks(bytes, size);
            Assert.Equal(ReplyReadStatus.Complete, status);
            Assert.Equal(expected, $"{reply!.Code}|{(reply.Status.IsNone ? "" : reply.Status.ToString())}|{string.Join('/', reply.Lines)}");
        }
    }

    [Theory] // RFC 5321 §2.3.8, §4.2
    [MemberData(nameof(Bad))]
    public void Reply_OutsideTheGrammar_IsMalformed(string octets)
    {
        var (status, reply) = ReadInChunks(Encoding.Latin1.GetBytes(octets), 1);

        Assert.Equal(ReplyReadStatus.Malformed, status);
        Assert.Null(reply);
    }

    [Theory] // RFC 5321 §4.2.1: nothing is a reply before its last CRLF
    [MemberData(nameof(Good))]
    public void Reply_TruncatedAtEveryOctet_IsIncomplete(string octets, string expected)
    {
        Assert.NotEmpty(expected);
        var bytes = Encoding.Latin1.GetBytes(octets);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ReplyReadStatus.Incomplete, new ReplyReader().Read(bytes.AsSpan(0, length), out _, out _));
        }
    }

    [Theory] // SMTP-42, RFC 5321 §4.5.3.1.5: 512 octets must be taken; of more than 2048 the text is cut and the code counts
    [InlineData(512, 506)]
    [InlineData(2048, 2042)]
    [InlineData(2049, 2042)]
    [InlineData(2106, 2042)]
    [InlineData(9000, 2042)]
    [InlineData(65536, 2042)]
    public void Line_HoweverLong_KeepsItsCodeAndAsMuchTextAsFits(int length, int kept)
    {
        var line = Encoding.Latin1.GetBytes("550 " + new string('x', length - 6) + "\r\n");
        foreach (var size in new[] { line.Length, 4096, 512, 1 })
        {
            var (status, reply) = ReadInChunks(line, size);
            Assert.Equal(ReplyReadStatus.Complete, status);
            Assert.Equal((550, kept), (reply!.Code, reply.Text.Length));
        }
    }

    [Fact] // RFC 6531 §3.7.4.2: a character is kept whole or not at all
    public void Line_CutInTheMiddleOfACharacter_StaysInUtf8()
    {
        for (var filling = 0; filling < 4; filling++)
        {
            var text = new string('x', filling) + string.Concat(Enumerable.Repeat("\u00FC\u20AC\U0001F4E7", 400));
            var (status, reply) = ReadInChunks(Encoding.UTF8.GetBytes($"550-{text}\r\n550 end\r\n"), 1000);
            Assert.Equal(ReplyReadStatus.Complete, status);
            Assert.StartsWith(reply!.Lines[0], text, StringComparison.Ordinal);
            Assert.InRange(reply.Lines[0].Length, 900, text.Length);
        }
    }

    [Theory] // RFC 5321 §2.3.8: what is dropped is held to its line ends all the same
    [InlineData("\n")]
    [InlineData("\rx")]
    public void Line_WithABareLineEndInWhatIsDropped_IsMalformed(string end) =>
        Assert.Equal(
            ReplyReadStatus.Malformed,
            ReadInChunks(Encoding.Latin1.GetBytes("550 " + new string('x', 3000) + end + "250 Ok\r\n"), 100).Status);

    [Fact] // the reply behind an overlong one is its own
    public void Replies_BehindAnOverlongOne_AreTakenOneByOne()
    {
        var reader = new ReplyReader();
        var octets = Encoding.Latin1.GetBytes("550-" + new string('x', 3000) + "\r\n550 5.1.1 no\r\n250 2.1.5 Ok\r\n");

        Assert.Equal(ReplyReadStatus.Complete, reader.Read(octets, out var first, out var one));
        Assert.Equal(ReplyReadStatus.Complete, reader.Read(octets.AsSpan(first), out _, out var two));
        Assert.Equal(new EnhancedStatusCode(5, 1, 1), one!.Status);
        Assert.Equal("250 2.1.5 Ok", two!.ToString());
    }

    [Theory] // HARD-06 on the client's side: an endless line is refused while it comes, at once where it is no reply
    [InlineData("250 ", 64 * 1024)]
    [InlineData("HTTP", 2047)]
    public void Line_WithoutEnd_IsRefusedAtTheLimit(string start, int limit)
    {
        var octets = Encoding.Latin1.GetBytes(start + new string('x', limit - start.Length - 2));

        Assert.Equal(ReplyReadStatus.Incomplete, ReadInChunks(octets[..^1], 1000).Status);
        Assert.Equal(ReplyReadStatus.Malformed, ReadInChunks([.. octets, .. "xxx"u8], 1000).Status);
    }

    [Theory] // our bound, RFC 5321 §4.2 has none
    [InlineData(150, 10, true)]
    [InlineData(10_000, 0, true)]
    [InlineData(11_000, 0, false)]
    [InlineData(32, 2000, true)]
    [InlineData(33, 1990, false)]
    [InlineData(20, 4000, false)]
    public void Reply_WithManyLines_IsBounded(int lines, int length, bool isRead)
    {
        var text = new string('x', length);
        var octets = string.Concat(Enumerable.Range(1, lines).Select(i => $"250{(i == lines ? ' ' : '-')}{text}\r\n"));

        var (status, reply) = ReadInChunks(Encoding.Latin1.GetBytes(octets), 3000);

        Assert.Equal(isRead ? ReplyReadStatus.Complete : ReplyReadStatus.Malformed, status);
        Assert.Equal(isRead ? lines : null, reply?.Lines.Count);
    }

    [Fact] // EXT-02, RFC 2920 §3.1: replies of a group often share a packet
    public void Replies_BehindEachOther_AreTakenOneByOne()
    {
        var reader = new ReplyReader();
        var octets = "250-a\r\n250 b\r\n550 5.1.1 c\r\n354"u8;

        Assert.Equal(ReplyReadStatus.Complete, reader.Read(octets, out var first, out var one));
        Assert.Equal(ReplyReadStatus.Complete, reader.Read(octets[first..], out var second, out var two));
        Assert.Equal(ReplyReadStatus.Incomplete, reader.Read(octets[(first + second)..], out _, out _));
        Assert.Equal("250 a b", one!.ToString());
        Assert.Equal("550 5.1.1 c", two!.ToString());
    }

    [Fact] // any octets at all: a status, never an exception, and no control character in what comes out
    public void Read_OfRandomOctets_NeverThrows()
    {
        var random = new Random(20261122);
        string[] pieces = [new string('x', 1200), "250", "-", " ", "\r\n", "2.1.5", "\n", "\r", "550-5.7.1 x", "\u00FF\u0000", "text", "250 "];
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]));
            var bytes = Encoding.Latin1.GetBytes(text);
            var (whole, reply) = ReadInChunks(bytes, bytes.Length);
            var (single, again) = ReadInChunks(bytes, 1);
            Assert.Equal(whole, single);
            Assert.Equal(reply?.ToString(), again?.ToString());
            Assert.DoesNotContain(reply?.Text ?? string.Empty, char.IsControl);
        }
    }

    private static (ReplyReadStatus Status, Reply? Reply) ReadInChunks(byte[] octets, int size)
    {
        var reader = new ReplyReader();
        var start = 0;
        for (var end = Math.Min(size, octets.Length); ; end = Math.Min(end + size, octets.Length))
        {
            var status = reader.Read(octets.AsSpan(start, end - start), out var consumed, out var reply);
            start += consumed;
            if (status != ReplyReadStatus.Incomplete || end == octets.Length)
            {
                return (status, reply);
            }
        }
    }
}
