using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.Queue;
using Relay.Queue.Bounces;
using Relay.Smtp.Client;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Fuzz.Tests.Program;

/// <summary>Notifications, made of what the client, the next hop and the message itself say.</summary>
public sealed class NotificationFuzzTests
{
    private const byte Separator = 0xFE;

    private static readonly string[] Header = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];

    private static readonly string[] Status =
    [
        "Reporting-MTA", "Original-Envelope-Id", "Arrival-Date", "Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code", "Last-Attempt-Date", "Will-Retry-Until",
    ];

    private static readonly Gen<byte[]> Mail = Grammar.Row(
        Grammar.Of("FROM:<app@corp.test>", "FROM:<\"a b\\\"c\"@corp.test>", "FROM:<j\u00C3\u00B6rg@corp.test>", "FROM:<a@[IPv6:::1]>"),
        Grammar.Of("", " ENVID=a+2Bb", " RET=FULL", " RET=HDRS ENVID=+20+7E", " RET=FULL SMTPUTF8"));

    private static readonly Gen<byte[]> Rcpt = Grammar.Row(
        Grammar.Of("TO:<bob@one.test>", "TO:<\"x;y\"@one.test>", "TO:<\u00C3\u00BC@b\u00C3\u00BCcher.test>", "TO:<u@[192.0.2.1]>", "TO:<Postmaster>"),
        Grammar.Of("", " ORCPT=rfc822;x+2By@old.test", " ORCPT=utf-8;\u00C3\u00BC\\x{FC}@old.test", " ORCPT=x-a;+20+20", " NOTIFY=FAILURE"));

    private static readonly Gen<byte[]> Answer = Gen.Frequency(
        (8, Grammar.Mostly("550 5.1.1 No such user\r\n", "550-5.7.1 a\r\n550-5.7.1 --b\r\n550 5.7.1 c\r\n", "452 4.2.2 full\r\n", "554 \u00E2\u0080\u00A8\u00F0\u009F\u0098\u0080\u0007\r\n", "550\r\n", "no reply", "")),
        (1, Grammar.Row(Grammar.Of("550 "), Grammar.Run("x ", 400, 900), Grammar.Of("\r\n"))),
        (1, Grammar.Row(Grammar.Of("550 "), Grammar.Run("\u00F0\u009F\u0098\u0080", 59, 61, 241, 400), Grammar.Of("\r\n"))));

    private static readonly Gen<byte[]> Message = Grammar.Row(
        Grammar.Times(0, 6, Gen.Frequency(
            (8, Grammar.Mostly("Subject: x\r\n", "Message-ID: <1@client.test>\r\n", "message-id:\r\n <2@client.test>\r\n", "Message-ID: <a b>\r\n", " folded\r\n", "X: \u00C3\u00BC\r\n", "X: \u00FC\r\n", "--\r\n", "X: a \r\n")),
            (1, Grammar.Row(Grammar.Of("X: "), Grammar.Run("y", 990, 996, 3000, 40_000), Grammar.Of("\r\n"))))),
        Grammar.Of("\r\n", "", "\r\nbody\r\n", "\r\nbody", "\r\n\u00FC\r\n.\r\n..\r\n"));

    private static readonly FuzzTarget Target = new(
        "notification",
        [
            .. new[]
            {
                "FROM:<app@corp.test> RET=FULL ENVID=QQ\u00FETO:<bob@one.test> ORCPT=rfc822;bob@one.test\u00FE550 5.1.1 No such user\r\n\u00FEmx.one.test\u00FEmx-reply\u00FEMessage-ID: <1@c.test>\r\n\r\nbody\r\n",
                "FROM:<j\u00C3\u00B6rg@corp.test>\u00FETO:<\u00C3\u00BC@one.test>\u00FE550 \u00FC\r\n\u00FEmx\u00FEsts-policy\r\nX-Evil: 1\u00FESubject: \u00FC\r\n\r\n",
            }.Select(Grammar.Octets),
        ],
        Grammar.Row(
            Mail, Grammar.Of("\u00FE"), Rcpt, Grammar.Of("\u00FE"), Answer, Grammar.Of("\u00FE"), Grammar.Mostly("mx.one.test", "-", "a*b\"", "x;y"), Grammar.Of("\u00FE"),
            Grammar.Mostly("mx-reply", "sts-mx-mismatch", "connect-failed", "no-such-domain", "x\r\n\r\nX-Evil: 1", "\u00E2\u0080\u00A9", ""), Grammar.Of("\u00FE"), Message),
        Read)
    {
        Tokens = [.. new[] { "\u00FE", "\r\n", "\r\n\r\n", "--", "\u00C3\u00BC", "\u00F0\u009F\u0098\u0080", "=", " ", ";", "+0D" }.Select(Grammar.Octets)],
        MaxLength = 50_000,
        Allocation = 512 * 1024,
        AllocationPerOctet = 200,
    };

    [Fact] // HARD-12, DSN-14, RFC 3464 §2.1, RFC 5322 §2.1.1: no line too long, no field and no part that is not ours
    public void Notification_OfAnyWords_HoldsOurFieldsAndPartsAlone() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        var parts = octets.AsSpan().Count(Separator) == 5 ? Split(octets) : null;
        if (parts is null
            || EnvelopeParser.ParseMail(parts[0]) is not SmtpCommand.Mail { From: { ReversePath.IsNull: false } mail }
            || EnvelopeParser.ParseRcpt(parts[1]) is not SmtpCommand.Rcpt { To: var recipient }
            || Scan(parts[5]) is ContentFault.BareLineEnd or ContentFault.NulOctet)
        {
            return new Reading(false, () => { });
        }

        new ReplyReader().Read(parts[2], out _, out var reply);
        var text = Encoding.UTF8.GetString(parts[4]).Replace('\uFFFD', '?');
        var failed = NotifiedRecipient.FromStore(recipient, "5.1.1", text) with
        {
            Reason = text[..Math.Min(text.Length, 60)],
            Reply = reply?.ToString(),
            RemoteHost = DomainName.TryParse(Encoding.UTF8.GetString(parts[3]), out var host) && !host.IsRoot ? host.Value : null,
        };
        var kind = (NotificationKind)(octets.Length % 3);
        var notice = new Notice(Enum.IsDefined(kind) ? kind : NotificationKind.Failed, new QueueId(1), mail, [failed, failed])
        {
            ReceivedAt = DateTimeOffset.UnixEpoch,
            AttemptedAt = DateTimeOffset.UnixEpoch,
        };
        var returned = Return(parts[5], mail, [parts[5].Length]);
        var message = new NotificationMessage(new NotificationIdentity("relay.test", new Mailbox("postmaster", "relay.test"))).Write(notice, returned, new QueueId(2), DateTimeOffset.UnixEpoch);
        return new Reading(true, () =>
        {
            var again = Return(parts[5], mail, Portions.Of(parts[5]));
            Assert.Equal(returned.Octets.ToArray(), again.Octets.ToArray());
            Assert.Equal((returned.IsWhole, returned.MessageId), (again.IsWhole, again.MessageId));
            Check(message, notice, returned);
        });
    }

    private static List<byte[]> Split(byte[] octets)
    {
        var parts = new List<byte[]>();
        foreach (var range in octets.AsSpan().Split(Separator))
        {
            parts.Add(octets[range]);
        }

        return parts;
    }

    private static ReturnedContent Return(byte[] octets, MailFrom mail, IReadOnlyList<int> portions)
    {
        using var content = new PiecedContent(octets, octets.Length == 0 ? [] : portions);
        return ReturnedContent.ReadAsync(content, mail.Return == DsnReturn.Full ? ReturnedPart.Whole : ReturnedPart.Header, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    private static ContentFault Scan(byte[] octets)
    {
        var scanner = new ContentScanner(isDotStuffed: false);
        for (var at = 0; at < octets.Length;)
        {
            scanner.Scan(octets.AsSpan(at), out var consumed);
            at += consumed;
        }

        scanner.End();
        return scanner.Fault;
    }

    private static void Check(byte[] message, Notice notice, ReturnedContent returned)
    {
        Assert.Equal(ContentFault.None, Scan(message));
        Assert.True(
            notice.IsInternationalized || (returned.IsWhole && returned.IsEightBit) || System.Text.Ascii.IsValid(message),
            "eight bits to a sender in ASCII");
        var text = Encoding.UTF8.GetString(message);
        var (header, body) = Halves(text);
        var names = Names(header);
        Assert.All(names, name => Assert.Contains(name, Header));
        Assert.Equal(names.Count, names.Distinct().Count());
        var boundary = header[(header.IndexOf("boundary=\"", StringComparison.Ordinal) + 10)..].Split('"')[0];
        var parts = $"\r\n{body}".Split($"\r\n--{boundary}");
        Assert.Equal("--\r\n", parts[^1]);
        Assert.Equal(5, parts.Length);
        var groups = Halves(parts[2]).Body.Split("\r\n\r\n");
        Assert.Equal(1 + notice.Recipients.Count, groups.Length);
        Assert.All(groups, group => Assert.All(Names(group), name => Assert.Contains(name, Status)));
        PlainText.IsClean(Halves(parts[1]).Body.Replace("\r\n", string.Empty, StringComparison.Ordinal));
    }

    private static (string Header, string Body) Halves(string entity)
    {
        var end = entity.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (entity[..end], entity[(end + 4)..]);
    }

    private static List<string> Names(string fields) =>
        [.. fields.Split("\r\n").Where(line => line.Length > 0 && line[0] is not (' ' or '\t')).Select(line => line.Split(':')[0])];
}
