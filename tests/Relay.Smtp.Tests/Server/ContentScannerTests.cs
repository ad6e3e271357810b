using System.Text;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

public class ContentScannerTests
{
    [Theory] // SMTP-32, HARD-05, RFC 5321 §4.5.2
    [InlineData(".\r\n", "")]
    [InlineData("a\r\n.\r\n", "a\r\n")]
    [InlineData("..\r\n...\r\n....\r\n.\r\n", ".\r\n..\r\n...\r\n")]
    [InlineData(".a\r\n.\r\n", "a\r\n")]
    [InlineData("a.\r\n.\r\n", "a.\r\n")]
    [InlineData("\r\n\r\n.\r\n", "\r\n\r\n")]
    [InlineData("..\r\n.\r\n", ".\r\n")]
    public void Data_WithDots_LosesTheStuffedOnesInEveryChunking(string octets, string expected)
    {
        for (var size = 1; size <= octets.Length; size++)
        {
            var (content, scanner, left) = Scan(octets + "NOOP\r\n", isDotStuffed: true, size);
            Assert.Equal(expected, content);
            Assert.True(scanner.IsEnded);
            Assert.Equal(ContentFault.None, scanner.Fault);
            Assert.Equal("NOOP\r\n", left);
        }
    }

    [Theory] // HARD-02, RFC 5321 §4.1.1.4
    [InlineData("a\n.\n")]
    [InlineData("a\n.\r\n")]
    [InlineData("a\r.\r")]
    [InlineData("a\r.\r\n")]
    [InlineData("a\r\n.\n")]
    [InlineData("a\r\n.\r")]
    [InlineData("a\r\n.\r\r\n")]
    [InlineData("a\r\n\0.\r\n")]
    [InlineData("a\r\n.\0\r\n")]
    [InlineData("a\r\0\n.\r\n")]
    [InlineData("a\r\n.\r\0\n")]
    [InlineData("\n.\r\n")]
    public void Data_SmugglingSequence_NeitherEndsNorPasses(string octets)
    {
        var whole = octets + "MAIL FROM:<x@y.test>\r\nDATA\r\n.\r\nQUIT\r\n";
        for (var size = 1; size <= whole.Length; size++)
        {
            var (_, scanner, left) = Scan(whole, isDotStuffed: true, size);
            Assert.True(scanner.IsEnded);
            Assert.NotEqual(ContentFault.None, scanner.Fault);
            Assert.Equal("QUIT\r\n", left);
        }
    }

    [Theory] // SMTP-41, RFC 5322 §2.1.1
    [InlineData(998, false)]
    [InlineData(999, true)]
    [InlineData(5000, true)]
    public void Line_ByLength_IsTakenUpTo998(int length, bool expected)
    {
        foreach (var size in new[] { 1, 7, 997, 10_000 })
        {
            // The stuffed dot is not counted.
            var octets = $"ok\r\n.{new string('.', 1)}{new string('x', length - 1)}\r\n.\r\n";
            Assert.Equal(expected, Scan(octets, isDotStuffed: true, size).Scanner.Fault == ContentFault.LineTooLong);
            var chunk = new string('x', length) + "\r\n";
            Assert.Equal(expected, Scan(chunk, isDotStuffed: false, size).Scanner.Fault == ContentFault.LineTooLong);
        }
    }

    [Fact] // RFC 3030 §2: nothing ends a chunk but its count
    public void Chunk_WithDotLines_KeepsThem()
    {
        var (content, scanner, _) = Scan(".\r\n..\r\na\r\n.\r\n", isDotStuffed: false, 3);
        Assert.Equal(".\r\n..\r\na\r\n.\r\n", content);
        Assert.False(scanner.IsEnded);
        Assert.Equal(ContentFault.None, scanner.Fault);
    }

    [Fact] // RFC 6152 §3
    public void EightBit_AnywhereInContent_IsSeen()
    {
        Assert.True(Scan("a\r\n.\u00E9\r\n.\r\n", isDotStuffed: true, 2).Scanner.IsEightBit);
        Assert.False(Scan("a\r\n.\r\n\u00E9", isDotStuffed: true, 100).Scanner.IsEightBit);
    }

    [Fact] // HARD-02, HARD-05: a slow, plain decoder of the same grammar agrees on any octets in any chunking
    public void Data_Random_AgreesWithThePlainReading()
    {
        var random = new Random(42);
        var alphabet = "\r\n.\r\n.\r\n..a\0\u00E9"u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var octets = new byte[random.Next(1, 30)];
            for (var i = 0; i < octets.Length; i++)
            {
                octets[i] = alphabet[random.Next(alphabet.Length)];
            }

            var text = Encoding.Latin1.GetString(octets) + "\r\n.\r\n";
            var end = text.StartsWith(".\r\n", StringComparison.Ordinal)
                ? 3
                : text.IndexOf("\r\n.\r\n", StringComparison.Ordinal) + 5;
            var body = text[..(end - 3)];
            var isBad = body.Replace("\r\n", string.Empty, StringComparison.Ordinal).AsSpan().ContainsAny("\r\n\0");
            var (content, scanner, left) = Scan(text, isDotStuffed: true, random.Next(1, 8));
            Assert.True(scanner.IsEnded);
            Assert.Equal(text[end..], left);
            Assert.Equal(isBad, scanner.Fault != ContentFault.None);
            if (!isBad)
            {
                var lines = body.Split("\r\n").Select(line => line.StartsWith('.') ? line[1..] : line);
                Assert.Equal(string.Join("\r\n", lines), content);
            }
        }
    }

    private static (string Content, ContentScanner Scanner, string Left) Scan(string text, bool isDotStuffed, int size)
    {
        var octets = Encoding.Latin1.GetBytes(text);
        var scanner = new ContentScanner(isDotStuffed);
        var content = new StringBuilder();
        var at = 0;
        while (at < octets.Length && !scanner.IsEnded)
        {
            var portion = octets.AsSpan(at, Math.Min(size, octets.Length - at));
            while (!portion.IsEmpty && !scanner.IsEnded)
            {
                var piece = scanner.Scan(portion, out var consumed);
                content.Append(Encoding.Latin1.GetString(portion[piece]));
                portion = portion[consumed..];
                at += consumed;
            }
        }

        scanner.End();
        return (content.ToString(), scanner, Encoding.Latin1.GetString(octets.AsSpan(at)));
    }
}
