using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.Smtp.Client;
using Relay.Smtp.Server;

namespace Relay.Fuzz.Tests.Smtp;

/// <summary>Replies of servers, the reply to EHLO among them.</summary>
public sealed class ReplyFuzzTests
{
    private static readonly Gen<byte[]> Text = Gen.Frequency(
        (20, Grammar.Mostly("", "Ok", "2.1.5 Ok", "5.7.1 no", "4.2.2", "5.1.1111 x", "STARTTLS", "SIZE 1000", "size", "SIZE 99999999999999999999", "PIPELINING", "AUTH PLAIN LOGIN", "gr\u00FC\u00DF", "gr\u00C3\u00BC", "\u00E2\u0080\u00A8", "\t", "a\u0000b", "\u00C2\u0085")),
        (1, Grammar.Run("x", 500, 2041, 2042, 2043)));

    private static readonly Gen<byte[]> Replies =
        from code in Gen.Frequency((15, Grammar.Of("250", "250", "220", "354", "421", "452", "550", "299", "599")), (1, Grammar.Of("199", "600", "25", "")))
        from reply in Grammar.Row(Lines(code, "-", 0, 4), Lines(code, " ", 1, 1))
        select reply;

    private static readonly FuzzTarget Target = new(
        "smtp-reply",
        [.. new[]
        {
            "250 Ok\r\n", "250-mx.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 8BITMIME\r\n", "550-5.1.1 no\r\n550 5.1.1 such user\r\n", "250\r\n", "354 go\r\n250 2.0.0 queued\r\n221 bye\r\n",
            "250-a\r\n550 b\r\n", "250 a\n", "250 a\r", "\r\n", "25", string.Concat(Enumerable.Repeat("250-x\r\n", 101)),
        }.Select(Grammar.Octets)],
        Gen.Frequency((20, Grammar.Times(1, 3, Replies)), (1, Lines(Grammar.Octets("250"), "-", 90, 110))),
        Read)
    {
        Tokens = [.. new[] { "250", "-", " ", "\r\n", "\n", "\r", "5.1.1 ", "STARTTLS", "SIZE ", "550-" }.Select(Grammar.Octets)],
        MaxLength = 80_000,
    };

    [Fact] // HARD-06, SMTP-23, SMTP-24, RFC 5321 §4.2
    public void Read_AnyOctets_GivesTheSameRepliesInEveryChunking() => FuzzRun.Of(Target);

    private static Gen<byte[]> Lines(byte[] code, string separator, int least, int most) => Grammar.Times(least, most, Grammar.Row(
        Gen.Frequency((60, Gen.Constant(code)), (1, Grammar.Of("250", "550"))),
        Grammar.Either([separator], ["", "+", " ", "-"]),
        Text,
        Gen.Frequency((60, Grammar.Of("\r\n")), (1, Grammar.Of("\n", "\r", "\r\r\n")))));

    private static Reading Read(byte[] octets)
    {
        var whole = RepliesIn(octets, [octets.Length]);
        return new Reading(whole is [not null, ..], () =>
        {
            Assert.Equal(whole.Select(Show), RepliesIn(octets, Portions.Of(octets)).Select(Show));
            foreach (var reply in whole.OfType<Reply>())
            {
                Check(reply);

                // A tab becomes a blank once the status code before it was looked for.
                if (!octets.Contains((byte)'\t'))
                {
                    CheckWritten(reply);
                }
            }
        });
    }

    /// <summary>Every reply in turn; null at the end for octets that are no reply.</summary>
    private static List<Reply?> RepliesIn(byte[] octets, IReadOnlyList<int> portions)
    {
        var reader = new ReplyReader();
        var replies = new List<Reply?>();
        var (start, end) = (0, 0);
        foreach (var portion in portions)
        {
            end += portion;
            ReplyReadStatus status;
            do
            {
                status = reader.Read(octets.AsSpan(start, end - start), out var consumed, out var reply);
                start += consumed;
                if (status != ReplyReadStatus.Incomplete)
                {
                    replies.Add(reply);
                }
            }
            while (status == ReplyReadStatus.Complete);

            // What is not taken has to be kept by the caller: never more than a line.
            Assert.True(status != ReplyReadStatus.Incomplete || end - start < ReplyReader.MaxLineLength, $"{end - start} octets left over");
            Assert.Equal(status == ReplyReadStatus.Complete, replies is [.., not null] && status != ReplyReadStatus.Incomplete);
            if (status == ReplyReadStatus.Malformed)
            {
                PlainText.IsClean(reader.Complaint);
                break;
            }
        }

        return replies;
    }

    private static string Show(Reply? reply) => reply is null ? "malformed" : $"{reply.Code} {reply.Status} {string.Join('|', reply.Lines)}";

    private static void Check(Reply reply)
    {
        Assert.InRange(reply.Code, 200, 599);
        Assert.InRange(reply.Lines.Count, 1, ReplyReader.MaxReplyLength / 5);
        Assert.InRange(reply.Lines.Sum(line => line.Length), 0, ReplyReader.MaxReplyLength);
        Assert.True(reply.Status.IsNone || reply.Status.Class == reply.Code / 100);
        Assert.DoesNotContain(reply.ToString(), character => char.IsControl(character) || character is '\u2028' or '\u2029');
        var offered = EhloReply.CapabilitiesIn(reply);
        Assert.True(offered.MaxSize is null or > 0);
        Assert.DoesNotContain(' ', EhloReply.NameIn(reply));
    }

    // Our own server, should it ever say the same, says it so that our client reads the same.
    private static void CheckWritten(Reply reply)
    {
        if (reply.Lines.Any(line => line.Length > 490 || !System.Text.Ascii.IsValid(line)))
        {
            return;
        }

        var output = new ArrayBufferWriter<byte>();
        ReplyWriter.Write(output, reply);
        Assert.Equal(ReplyReadStatus.Complete, new ReplyReader().Read(output.WrittenSpan, out var consumed, out var again));
        Assert.Equal(output.WrittenCount, consumed);
        Assert.Equal((reply.Code, reply.Status), (again!.Code, again.Status));
        Assert.Equal(reply.Lines.Select(line => line.Trim()), again.Lines.Select(line => line.Trim()));
    }
}
