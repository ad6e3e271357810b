using System.Text;
using Relay.Smtp.Client;

namespace Relay.Smtp.Tests.Client;

/// <summary>Dot-stuffing over pieces cut anywhere.</summary>
public sealed class DotStufferTests
{
    public static TheoryData<string, string> Contents => new()
    {
        { "", "" },
        { ".", ".." },
        { "a\r\n", "a\r\n" },
        { ".\r\n..\r\n...\r\n", "..\r\n...\r\n....\r\n" },
        { "a.b\r\nc.\r\n.d\r\n", "a.b\r\nc.\r\n..d\r\n" },
        { "\r\n\r\n.\r\n", "\r\n\r\n..\r\n" },
    };

    public static TheoryData<string> Unclean => ["a\nb", "a\n.\r\n", "a\rb\r\n", "a\r\r\n", "\n", "a\r.\r\n"];

    [Theory] // SMTP-32, HARD-05, RFC 5321 §4.5.2: also at the start and at every border of pieces and blocks
    [MemberData(nameof(Contents))]
    public void Content_CutAnywhere_IsStuffedTheSame(string content, string expected)
    {
        for (var piece = 1; piece <= content.Length + 1; piece++)
        {
            for (var block = 2; block <= 8; block++)
            {
                Assert.Equal(expected, Stuff(content, piece, block));
            }
        }
    }

    [Theory] // SMTP-40, HARD-04, RFC 5321 §2.3.8: no bare CR or LF leaves
    [MemberData(nameof(Unclean))]
    public void Content_WithBareCrOrLf_IsRefused(string content)
    {
        for (var piece = 1; piece <= content.Length; piece++)
        {
            Assert.Null(Stuff(content, piece, 8));
        }
    }

    [Fact] // SMTP-40
    public void Content_EndingInCr_IsNotEnded() => Assert.Null(Stuff("a\r", 2, 8));

    [Fact] // SMTP-32: what a receiver unstuffs is what was sent, for any content
    public void Content_OfRandomLines_SurvivesTheRoundTrip()
    {
        var random = new Random(5321);
        for (var round = 0; round < 2_000; round++)
        {
            var content = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => ".x\r\n"[random.Next(4)] switch
            {
                '\r' or '\n' => "\r\n",
                var c => c.ToString(),
            }));
            var stuffed = Stuff(content, random.Next(1, 6), random.Next(2, 9));
            Assert.NotNull(stuffed);
            var lines = stuffed.Split("\r\n").Select(line => line.StartsWith('.') ? line[1..] : line);
            Assert.Equal(content, string.Join("\r\n", lines));
            Assert.DoesNotContain("\r\n.\r\n", "\r\n" + stuffed, StringComparison.Ordinal);
        }
    }

    private static string? Stuff(string content, int pieceSize, int blockSize)
    {
        var stuffer = new DotStuffer();
        var result = new StringBuilder();
        var block = new byte[blockSize];
        foreach (var piece in content.Chunk(pieceSize))
        {
            var rest = Encoding.Latin1.GetBytes(piece);
            while (rest.Length > 0)
            {
                if (!stuffer.TryCopy(rest, block, out var consumed, out var written))
                {
                    return null;
                }

                Assert.True(consumed > 0);
                result.Append(Encoding.Latin1.GetString(block, 0, written));
                rest = rest[consumed..];
            }
        }

        return stuffer.TryEnd() ? result.ToString() : null;
    }
}
