using System.Net;
using System.Text;
using Relay.Delivery;
using Relay.Mail;
using Relay.Queue.Bounces;
using Relay.Queue.Storage;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Bounces;

/// <summary>What a notification looks like, whatever remote parties put into it.</summary>
public sealed class NotificationMessageTests
{
    private const string Header = "Message-ID: <1@client.test>\r\nSubject: letter\r\n";

    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // AUTO-01, AUTO-05, DSN-24, RFC 3834 §3.1.6, §5
    public async Task Header_OfAFailure_SaysThatAProgramWroteItAndAboutWhat()
    {
        var text = await WriteAsync(Failure(new Mailbox("app", "corp.test"), Refused("bob", "550 5.1.1 No such user")));

        Assert.StartsWith("From: Mail Delivery System <postmaster@relay.test>\r\nTo: <app@corp.test>\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nAuto-Submitted: auto-replied\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nIn-Reply-To: <1@client.test>\r\nReferences: <1@client.test>\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.test\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user\r\n", text, StringComparison.Ordinal);
    }

    [Fact] // HARD-12, RFC 5322 §2.1.1, §2.2
    public async Task Values_OfRemoteParties_BreakNeitherLinesNorParts()
    {
        var reply = "550 5.1.1 \u0085x\u2028--b\u0007" + new string('y', 60_000) + new string(' ', 3000) + "end";
        var failure = Refused("bob", reply) with { Text = "mx\r\nX-Evil: 1\r\n\r\nsaid" };
        var header = Header + $"X-Long: {new string('z', 5000)}\r\nX-Raw: caf\u00e9\r\n";

        var text = await WriteAsync(Failure(new Mailbox("app", "corp.test"), failure), header + "\r\nbody\r\n");

        Assert.DoesNotContain("\nX-Evil", text, StringComparison.Ordinal);
        Assert.True(Ascii.IsValid(text));
        Assert.Equal(text.Length, text.Replace("\r\n", string.Empty, StringComparison.Ordinal).Length + (2 * text.Split("\r\n").Length) - 2);
        Assert.DoesNotContain(text.Replace("\r\n", string.Empty, StringComparison.Ordinal), character => char.IsControl(character));
        Assert.All(text.Split("\r\n"), line => Assert.InRange(line.Length, 0, 998));
        Assert.Equal(3, PartsOf(text).Count);
        Assert.Contains("Content-Transfer-Encoding: quoted-printable", PartsOf(text)[2], StringComparison.Ordinal);
        Assert.Contains("X-Raw: caf=C3=A9", PartsOf(text)[2], StringComparison.Ordinal);
    }

    [Theory] // found by fuzzing: long words and long replies were cut between the two halves of a character
    [InlineData(240)]
    [InlineData(1000)]
    [InlineData(4096)]
    public async Task LongReply_BeyondTheBasicPlane_IsCutBetweenCharacters(int most)
    {
        foreach (var before in new[] { most - 12, most - 11, most - 10, most - 9 })
        {
            var reply = "550 5.1.1 " + new string('x', before % 240) + string.Concat(Enumerable.Repeat("\U0001F600", most));

            var text = await WriteAsync(Failure(new Mailbox("j\u00f6rg", "corp.test"), Refused("bob", reply)));

            Assert.Contains("\U0001F600", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\uFFFD', text);
        }
    }

    [Theory] // DSN-15: RET=FULL up to a limit, and never in a form that cannot travel
    [InlineData("plain", "message/rfc822", "The message itself is attached.")]
    [InlineData("eight", "message/rfc822", "The message itself is attached.")]
    [InlineData("large", "text/rfc822-headers", "too large")]
    [InlineData("longline", "text/rfc822-headers", "too large")]
    public async Task Full_OfAMessage_ComesWholeWhereItCan(string kind, string type, string words)
    {
        var body = kind switch
        {
            "eight" => "gr\u00fc\u00dfe\r\n",
            "large" => string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 2000)),
            "longline" => new string('x', 1500) + "\r\n",
            _ => "body\r\n",
        };
        var notice = Failure(new Mailbox("app", "corp.test"), Refused("bob", "550 5.1.1 No such user"));
        var text = await WriteAsync(notice with { Mail = notice.Mail with { Return = DsnReturn.Full } }, $"{Header}\r\n{body}");

        var part = PartsOf(text)[2];
        Assert.StartsWith($"Content-Type: {type}\r\n", part, StringComparison.Ordinal);
        Assert.Contains(words, Unwrapped(PartsOf(text)[0]), StringComparison.Ordinal);
        Assert.Equal(type == "message/rfc822", part.EndsWith($"\r\n\r\n{body}", StringComparison.Ordinal));
        Assert.Equal(kind == "eight", part.Contains("Content-Transfer-Encoding: 8bit\r\n", StringComparison.Ordinal));
        Assert.Equal(kind == "eight", text.Split("\r\n\r\n")[0].Contains("Content-Transfer-Encoding: 8bit", StringComparison.Ordinal));
    }

    [Fact] // DSN-25, RFC 6533 §3, §4
    public async Task Sender_WithAnInternationalAddress_GetsTheInternationalForms()
    {
        var text = await WriteAsync(
            Failure(new Mailbox("j\u00f6rg", "corp.test"), Refused("b\u00f6b", "550 5.1.1 No such user")), $"{Header}X-Name: J\u00f6rg\r\n\r\n");

        Assert.Contains("report-type=global-delivery-status;", text, StringComparison.Ordinal);
        Assert.StartsWith("Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n", PartsOf(text)[1], StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: utf-8; b\u00f6b@one.test\r\n", PartsOf(text)[1], StringComparison.Ordinal);
        Assert.StartsWith("Content-Type: message/global-headers\r\n", PartsOf(text)[2], StringComparison.Ordinal);
    }

    [Fact] // DSN-25, RFC 6533 §3: in seven bits, for a sender whose server may know no others
    public async Task Recipient_WithAnInternationalAddress_IsNamedInSevenBits()
    {
        var text = await WriteAsync(Failure(new Mailbox("app", "corp.test"), Refused("b\u00f6b", "550 5.1.1 No such user")));

        Assert.True(Ascii.IsValid(text));
        Assert.Contains("Final-Recipient: utf-8; b\\x{F6}b@one.test\r\n", text, StringComparison.Ordinal);
    }

    [Fact] // DSN-11, DSN-17, DSN-18: decoded, blanks and all
    public async Task Xtext_OfTheSender_ComesBackDecoded()
    {
        var notice = Failure(new Mailbox("app", "corp.test"), Refused("bob", "550 5.1.1 No such user"));
        var recipient = notice.Recipients[0] with
        {
            Envelope = notice.Recipients[0].Envelope with { OriginalRecipient = "rfc822;+22a+20+20b+22@Old.TEST" },
        };
        var text = await WriteAsync(notice with { Mail = notice.Mail with { EnvelopeId = "QQ+2B+20x" }, Recipients = [recipient] });

        Assert.Contains("\r\nOriginal-Envelope-Id: QQ+ x\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nOriginal-Recipient: rfc822; \"a  b\"@Old.TEST\r\n", text, StringComparison.Ordinal);
    }

    [Fact] // Issue 5: the reason in plain words
    public async Task Text_OfAnMtaStsRefusal_SaysWhatTheDomainDemands()
    {
        var failure = new DeliveryFailure("sts-no-usable-mx", new(4, 7, 0), "mx.evil.test is not listed in the policy");
        var text = await WriteAsync(Failure(
            new Mailbox("app", "corp.test"), NotifiedRecipient.Failed(new RcptTo(new Mailbox("bob", "one.test")), failure)));

        var human = Unwrapped(PartsOf(text)[0]);
        Assert.Contains("The recipient's domain demands, by its MTA-STS policy,", human, StringComparison.Ordinal);
        Assert.Contains("mx.evil.test is not listed in the policy", human, StringComparison.Ordinal);
        Assert.Contains("Reach the recipient another way", human, StringComparison.Ordinal);
        Assert.Contains("\r\nStatus: 5.4.7\r\nDiagnostic-Code: x-relay; mx.evil.test", text, StringComparison.Ordinal);
    }

    [Fact] // DSN-22's other side, HARD-12: everybody is named, and each notification fits into one piece of the store
    public async Task Notices_OfAThousandTalkativeRefusals_FitIntoPiecesAndNameEverybody()
    {
        var recipients = Enumerable.Range(0, 1000).Select(number => Refused($"u{number}", $"550 5.1.1 {new string('w', 60_000)}")).ToList();
        var notice = Failure(new Mailbox("app", "corp.test"), recipients[0]) with { Recipients = recipients };
        var named = 0;
        foreach (var portion in notice.Portions())
        {
            var text = await WriteAsync(portion, $"X-Big: {new string('\u00e9', 20_000)}\r\n\r\n");
            Assert.InRange(text.Length, 1, ContentFacts.PieceOctets);
            named += text.Split("\r\nFinal-Recipient: ").Length - 1;
        }

        Assert.Equal(1000, named);
        Assert.Single(Failure(new Mailbox("app", "corp.test"), Refused("a", "550 no")) is var few
            ? (few with { Recipients = [.. Enumerable.Range(0, 100).Select(number => Refused($"u{number}", "550 5.1.1 No such user"))] }).Portions()
            : []);
    }

    [Fact] // DSN-19, DSN-21
    public async Task Delay_OfAMessage_SaysUntilWhenItIsTried()
    {
        var recipient = NotifiedRecipient.Delayed(
            new RcptTo(new Mailbox("bob", "one.test")), new DeliveryFailure("connect-failed", new(4, 4, 1), "mx.test: connection refused"));
        var notice = Failure(new Mailbox("app", "corp.test"), recipient) with
        {
            Kind = NotificationKind.Delayed,
            RetryUntil = Noon.AddDays(5),
        };
        var text = await WriteAsync(notice);

        Assert.Contains("\r\nAction: delayed\r\nStatus: 4.4.1\r\nDiagnostic-Code: x-relay; mx.test: connection refused\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nWill-Retry-Until: Fri, 27 Nov 2026 12:00:00 +0000\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nArrival-Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n", text, StringComparison.Ordinal);
    }

    [Fact] // Issue 5: the sender hears of it even when the message is gone
    public async Task Message_ThatCannotBeRead_IsReportedWithoutIt()
    {
        var notice = Failure(new Mailbox("app", "corp.test"), Refused("bob", "550 5.1.1 No such user"));
        var text = Encoding.UTF8.GetString(new NotificationMessage(new NotificationIdentity("relay.test", new Mailbox("postmaster", "relay.test")))
            .Write(notice, ReturnedContent.Missing, new QueueId(QueueIdSequence.First), Noon));

        await Task.CompletedTask;
        Assert.Equal(2, PartsOf(text).Count);
    }

    private static async Task<string> WriteAsync(Notice notice, string message = Header + "\r\nbody\r\n")
    {
        using var content = new BytesContent(Encoding.UTF8.GetBytes(message));
        var returned = await ReturnedContent.ReadAsync(content, notice.Mail.Return == DsnReturn.Full ? ReturnedPart.Whole : ReturnedPart.Header, Token);
        var octets = new NotificationMessage(new NotificationIdentity("relay.test", new Mailbox("postmaster", "relay.test")))
            .Write(notice, returned, new QueueId(QueueIdSequence.First), Noon);
        return Encoding.UTF8.GetString(octets);
    }

    private static Notice Failure(Mailbox sender, NotifiedRecipient recipient) =>
        new(NotificationKind.Failed, new QueueId(QueueIdSequence.First), new MailFrom(new ReversePath(sender)), [recipient])
        {
            ReceivedAt = Noon,
            AttemptedAt = Noon,
        };

    private static NotifiedRecipient Refused(string user, string reply)
    {
        var failure = new DeliveryFailure("mx-reply", new(5, 1, 1), $"mx.test said: {reply}")
        {
            Reply = new Reply(550, default, reply[4..]),
            Hop = new HopFacts("mx.test", IPAddress.Loopback, null),
        };
        return NotifiedRecipient.Failed(new RcptTo(new Mailbox(user, "one.test")), failure);
    }

    private static List<string> PartsOf(string text)
    {
        var from = text.IndexOf("boundary=\"", StringComparison.Ordinal) + 10;
        var boundary = text[from..text.IndexOf('"', from)];
        return [.. text.Split($"\r\n--{boundary}")[1..^1].Select(part => part[2..])];
    }

    private static string Unwrapped(string text) =>
        string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
}
