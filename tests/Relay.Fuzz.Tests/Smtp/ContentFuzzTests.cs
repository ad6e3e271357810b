using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Smtp.Client;
using Relay.Smtp.Server;

namespace Relay.Fuzz.Tests.Smtp;

/// <summary>The octets of messages: DATA, the chunks of BDAT, and the way out again.</summary>
public sealed class ContentFuzzTests
{
    private static readonly Gen<byte[]> Line = Grammar.Row(
        Grammar.Of("", "", ".", "..", "...", " "),
        Gen.Frequency((8, Grammar.Mostly("", "a", "Subject: x", "\u00FC", ".", "MAIL FROM:<x@y.test>", "\0")), (1, Grammar.Run("x", 996, 997, 998, 999, 1000, 2100))),
        Gen.Frequency((12, Grammar.Of("\r\n")), (2, Grammar.Of("\n", "\r", "\r\r\n", "\n\r", "\r\0\n", "\r\n.\r\n", "\r\n.\n", "\n.\r\n", "\r\n.\r", ""))));

    private static readonly Gen<byte[]> Lines = Grammar.Row(Grammar.Times(0, 12, Line), Grammar.Of("", ".", ".\r", ".\r\n", ".\r\nRSET\r\n", "\r\n.\r\n"));

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            "Subject: a\r\n\r\nb\r\n.\r\n", ".\r\n", "..\r\n.a\r\n.\r\nQUIT\r\n", "a\n.\r\nMAIL FROM:<x@y.test>\r\n", "a\r\n.\nb\r\n.\r\n", "a\r\n.\r\r\n.\r\n", "a\r.\r\n\r\n.\r\n", "a\0\r\n.\r\n",
            new string('x', 998) + "\r\n.\r\n", "." + new string('x', 999) + "\r\n.\r\n",
        }.Select(Grammar.Octets),
    ];

    private static readonly byte[][] Tokens = [.. new[] { "\r\n", ".", "\r\n.\r\n", "\r", "\n", "\0", ".\r\n", "\u00E9" }.Select(Grammar.Octets)];

    [Fact] // HARD-02, HARD-03, HARD-05, RFC 5321 §4.1.1.4, §4.5.2
    public void Data_AnyOctets_AgreesWithThePlainReading() =>
        FuzzRun.Of(new FuzzTarget("smtp-data", Seeds, Lines, ReadData) { Tokens = Tokens, MaxLength = 16_384 });

    [Fact] // HARD-03, RFC 3030 §2
    public void Chunk_AnyOctets_AgreesWithThePlainReading() =>
        FuzzRun.Of(new FuzzTarget("smtp-bdat", Seeds, Lines, ReadChunks) { Tokens = Tokens, MaxLength = 16_384 });

    [Fact] // HARD-04, HARD-05, RFC 5321 §4.5.2: what is stuffed on one side is read back on the other
    public void Stuffing_AnyOctets_IsUndoneByTheReader() =>
        FuzzRun.Of(new FuzzTarget("smtp-stuffing", Seeds, Lines, Stuff) { Tokens = Tokens, MaxLength = 16_384 });

    private static Reading ReadData(byte[] octets)
    {
        var whole = Scanned.Of(octets, isDotStuffed: true, [octets.Length]);
        return new Reading(whole is { Fault: ContentFault.None, IsEnded: true }, () =>
        {
            Assert.Equal(whole, Scanned.Of(octets, isDotStuffed: true, Portions.Of(octets)));
            var plain = PlainContent.OfData(Encoding.Latin1.GetString(octets));
            Assert.Equal(plain.IsEnded, whole.IsEnded);
            Assert.Equal(plain.Consumed, whole.Consumed);
            Assert.Equal(plain.IsBad, whole.Fault != ContentFault.None);
            if (!plain.IsBad)
            {
                Assert.Equal(plain.Content, whole.Content);
                Assert.Equal(plain.Content.Any(character => character > 127), whole.IsEightBit);
            }
        });
    }

    private static Reading ReadChunks(byte[] octets)
    {
        var whole = Scanned.Of(octets, isDotStuffed: false, [octets.Length]);
        return new Reading(whole.Fault == ContentFault.None, () =>
        {
            Assert.Equal(whole, Scanned.Of(octets, isDotStuffed: false, Portions.Of(octets)));
            var text = Encoding.Latin1.GetString(octets);
            Assert.False(whole.IsEnded);
            Assert.Equal(text, whole.Content);
            Assert.Equal(text.Any(character => character > 127), whole.IsEightBit);
            Assert.Equal(PlainContent.AreBad(text.Split("\r\n")), whole.Fault != ContentFault.None);
            Assert.Equal(text.Length == 0 || text.EndsWith("\r\n", StringComparison.Ordinal), whole.IsAtLineStart);
        });
    }

    private static Reading Stuff(byte[] octets)
    {
        var stuffed = Stuffed(octets, [octets.Length], (octets.Length * 2) + 2);
        return new Reading(stuffed is not null, () =>
        {
            Assert.Equal(stuffed, Stuffed(octets, Portions.Of(octets), 2 + (octets.Length % 7)));
            var lines = Encoding.Latin1.GetString(octets).Split("\r\n");
            var isBare = lines.Any(line => line.AsSpan().ContainsAny('\r', '\n'));
            Assert.Equal(isBare, stuffed is null);
            if (stuffed is not null && lines[^1].Length == 0)
            {
                var read = Scanned.Of(Grammar.Octets(stuffed + ".\r\n"), isDotStuffed: true, [stuffed.Length + 3]);
                Assert.True(read.IsEnded);
                Assert.Equal(Encoding.Latin1.GetString(octets), read.Content);
                Assert.Equal(stuffed.Length + 3, read.Consumed);
            }
        });
    }

    /// <summary>The content as it goes out; null when it must not.</summary>
    private static string? Stuffed(byte[] octets, IReadOnlyList<int> portions, int room)
    {
        var stuffer = new DotStuffer();
        var stuffed = new StringBuilder();
        var target = new byte[room];
        var at = 0;
        foreach (var portion in portions)
        {
            for (var end = at + portion; at < end;)
            {
                var isGood = stuffer.TryCopy(octets.AsSpan(at, end - at), target, out var consumed, out var written);
                if (!isGood)
                {
                    return null;
                }

                Assert.True(consumed > 0, "no progress");
                stuffed.Append(Encoding.Latin1.GetString(target.AsSpan(0, written)));
                at += consumed;
            }
        }

        return stuffer.TryEnd() ? stuffed.ToString() : null;
    }
}
