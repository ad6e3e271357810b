using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.Smtp.Client;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Fuzz.Tests.Smtp;

/// <summary>Command lines, their CRLF taken off.</summary>
public sealed class CommandFuzzTests
{
    private static readonly string[] Verbs =
        ["MAIL FROM:", "RCPT TO:", "mail from:", "Rcpt To:", "EHLO ", "HELO ", "DATA", "BDAT ", "RSET", "QUIT", "NOOP ", "VRFY ", "EXPN ", "HELP ", "AUTH ", "STARTTLS", "POST "];

    private static readonly Gen<byte[]> LocalPart = Gen.Frequency(
        (7, Grammar.Either(
            ["user", "a.b.c", "postmaster", "\"q\"", "\"a b\"", "\"a\\\"b\"", "\"\\\\\"", "\"\"", "x%y", "u!v", "a+b", "j\u00C3\u00BCrgen", "\"\u00C3\u00BC\""],
            ["a..b", ".a", "a.", "\"", "\"a\"b", "\"\\", "\u00C2\u0085", "\u00E2\u0080\u00A8", "\u00FC", "\u00ED\u00A0\u0080", "a b", "\u007F"])),
        (1, Grammar.Run("x", 1, 63, 64, 65, 300)));

    private static readonly Gen<byte[]> Domain = Gen.Frequency(
        (5, Grammar.Either(
            ["example.com", "a", "xn--bcher-kva.example", "b\u00C3\u00BCcher.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::ffff:192.0.2.1]"],
            ["-a.test", "a-.test", "a..b", "a.", ".", "a_b.test", "[IPv6:fe80::1%eth0]", "[1.2.3]", "[0x7f.0.0.1]", "[300.1.1.1]", "[IPv6:[::1]]", "[Tag:x]", "[", "[]"])),
        (1, Grammar.Times(1, 6, Grammar.Row(Grammar.Run("ab", 1, 10, 31, 32), Grammar.Of(".", ".", "x")))));

    private static readonly Gen<byte[]> Path = Grammar.Row(
        Grammar.Either(["<"], [" <", ""]),
        Grammar.Either(["", "", "@a.test:", "@a.test,@b.test:"], ["@:", "@a.test,", "@@", "@a.test>"]),
        LocalPart, Grammar.Either(["@"], ["", "@@"]), Domain, Grammar.Either([">"], ["", "> ", ">>"]));

    private static readonly Gen<byte[]> Parameter = Grammar.Row(
        Grammar.Either([" ", "  "], ["", "\t"]),
        Gen.OneOf(
            Grammar.Either(
                ["SIZE=1", "size=18446744073709551616", "BODY=8BITMIME", "BODY=7bit", "SMTPUTF8", "RET=FULL", "ret=hdrs"],
                ["SIZE=", "SIZE=-1", "BODY=BINARYMIME", "SMTPUTF8=1", "X", "AUTH=<>", "AUTH=e+3Dmc2@example.com", "=", "A=="]),
            Grammar.Row(Grammar.Of("ENVID="), Xtext(101)),
            Grammar.Row(Grammar.Of("ORCPT=rfc822;", "ORCPT=utf-8;", "ORCPT=;", "orcpt=x-y;"), Xtext(501)),
            Grammar.Row(Grammar.Of("NOTIFY="), Grammar.Either(["NEVER", "SUCCESS", "FAILURE", "DELAY", "success,DELAY", "DELAY,DELAY"], [",", "NEVER,DELAY", "SUCCESS,", "X"]))));

    private static readonly Gen<byte[]> Lines = Gen.Frequency(
        (4, Grammar.Row(Grammar.Of("MAIL FROM:", "MAIL FROM: "), Gen.Frequency((4, Path), (1, Grammar.Of("<>"))), Grammar.Times(0, 2, Parameter))),
        (4, Grammar.Row(Grammar.Of("RCPT TO:", "RCPT TO: "), Gen.Frequency((4, Path), (1, Grammar.Of("<Postmaster>"))), Grammar.Times(0, 2, Parameter))),
        (1, Grammar.Row(Grammar.Of("EHLO ", "HELO "), Gen.OneOf(Domain, LocalPart))),
        (1, Grammar.Row(Grammar.Of("BDAT ", "BDAT"), Grammar.Mostly("0", "1000", "9223372036854775808", "-1", "1 LAST", "0 last", " 5", "5 5"))),
        (1, Grammar.Row(Grammar.Of(Verbs), Grammar.Noise)));

    private static readonly FuzzTarget Target = new(
        "smtp-command",
        [
            .. new[]
            {
                "MAIL FROM:<a@example.com> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314159", "MAIL FROM:<>", "RCPT TO:<Postmaster>",
                "RCPT TO:<b@example.com> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;b+2Bx@example.com", "RCPT TO:<@hop.test:\"a b\"@[IPv6:::1]>",
                "EHLO [192.0.2.1]", "GET / HTTP/1.1", "Host: a.test", "EHLO / HTTP/1.1", "HELO a_b.test", "BDAT 86 LAST", "STARTTLS", "AUTH PLAIN AGEAYg==", "MAIL FROM:<a@b>\rRCPT TO:<c@d>", "QUIT\0", "",
            }.Select(Grammar.Octets),
            Grammar.Utf8("RCPT TO:<jürgen@bücher.example> ORCPT=utf-8;jürgen@bücher.example"),
        ],
        Lines,
        Read)
    {
        Tokens = [.. Verbs.Concat(["<", ">", "@", "\"", "\\", ":", "+0D+0A", " SIZE=", " ORCPT=rfc822;", "\u00C3\u00BC", "\u00E2\u0080\u00A8", "\r\n", "[IPv6:", " HTTP/1.1", "\u00EF\u00BC\u009E", "\u00EF\u00BC\u00A0"]).Select(Grammar.Octets)],
    };

    [Fact] // HARD-01, HARD-11, RFC 5321 §4.1.1
    public void Parse_AnyOctets_GivesACleanCommandOrAFault() => FuzzRun.Of(Target);

    private static Gen<byte[]> Xtext(int limit) => Gen.Frequency(
        (6, Grammar.Either(["QQ314159", "a+2Bb@example.com", "+20"], ["+0D+0A", "+", "+4", "+4g", "+7F", "a=b", "\u00C3\u00BC", "\\x{FC}", ""])),
        (1, Grammar.Run("x", limit - 10, limit - 1, limit)));

    private static Reading Read(byte[] line)
    {
        var command = CommandParser.Parse(line);
        return new Reading(command is SmtpCommand.Mail or SmtpCommand.Rcpt, () =>
        {
            // RFC 5321 §4.1.1: blanks behind the command change nothing.
            var blank = CommandParser.Parse([.. line, (byte)' ', (byte)'\t']);
            Assert.True(command is SmtpCommand.Auth ? Same(command, blank) : command == blank);
            if (command is SmtpCommand.Foreign)
            {
                return;
            }

            if (command is SmtpCommand.Invalid invalid)
            {
                Assert.Equal(5, Replies.To(invalid.Fault).Code / 100);
                return;
            }

            Assert.False(line.AsSpan().ContainsAny("\r\n\0"u8), "a command of more than one line");
            Check(command);
        });
    }

    private static void Check(SmtpCommand command)
    {
        switch (command)
        {
            case SmtpCommand.Hello hello:
                Assert.InRange(hello.Name.Length, 1, DomainSyntax.MaxOctets);
                Assert.DoesNotContain(hello.Name, character => character is <= ' ' or > '~' or '(' or ')' or ';');
                break;
            case SmtpCommand.Auth auth:
                Assert.DoesNotContain(auth.Mechanism, character => character is <= ' ' or > '~');
                break;
            case SmtpCommand.Bdat bdat:
                Assert.True(bdat.Octets >= 0);
                break;
            case SmtpCommand.Mail mail:
                CheckMailbox(mail.From.ReversePath.Mailbox);
                CheckText(mail.From.EnvelopeId, 100);
                CheckText(mail.From.Auth, 500);
                CheckWritten(mail.From, []);
                break;
            case SmtpCommand.Rcpt rcpt:
                CheckMailbox(rcpt.To.Mailbox);
                CheckText(rcpt.To.OriginalRecipient, 500);
                CheckWritten(new MailFrom(ReversePath.Null), [rcpt.To]);
                break;
            default:
                break;
        }
    }

    // Octets are compared by content here, which records do not.
    private static bool Same(SmtpCommand one, SmtpCommand other) =>
        (one, other) is (SmtpCommand.Auth a, SmtpCommand.Auth b)
        && a.Mechanism == b.Mechanism
        && a.InitialResponse.AsSpan().SequenceEqual(b.InitialResponse);

    private static void CheckMailbox(Mailbox? mailbox)
    {
        if (mailbox is null)
        {
            return;
        }

        Assert.InRange(Encoding.UTF8.GetByteCount(mailbox.LocalPart), 1, 64);
        Assert.InRange(Encoding.UTF8.GetByteCount(mailbox.ToString()), 1, 254);
        PlainText.IsClean(mailbox.ToString());

        // RFC 6531 §3.2: with its domain in A-labels it is a path, too; an underscore, which DNS has, is forgiven.
        var mapped = Encoding.UTF8.GetBytes($"<{mailbox.LocalPart}@{mailbox.WithAsciiDomain().Domain.Replace('_', 'x')}>");
        Assert.True(!mailbox.MailDomain.IsValid || PathParser.TryRead(mapped, out _, out _) is not PathFault.Malformed);
        Assert.True(PlainPath.IsLocalPart(mailbox.LocalPart), mailbox.LocalPart);
        Assert.True(mailbox.Domain.Length == 0 || PlainPath.IsDomain(mailbox.Domain), mailbox.Domain);
        if (mailbox.Domain.Length > 0)
        {
            Assert.True(Mailbox.TryParse(Encoding.UTF8.GetBytes(mailbox.ToString()), out var again));
            Assert.Equal(mailbox, again);
        }
    }

    private static void CheckText(string? text, int most)
    {
        if (text is not null)
        {
            Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, most);
            Assert.DoesNotContain(' ', text);
            PlainText.IsClean(text);
        }
    }

    // What we took we can hand on, and the next server takes it for the same.
    private static void CheckWritten(MailFrom mail, IReadOnlyList<RcptTo> recipients)
    {
        var offered = ServerCapabilities.None with { SmtpUtf8 = true, Dsn = true, EightBitMime = true, Size = true };
        using var content = new BytesContent("\u00FC\r\n");
        var transaction = new OutgoingTransaction(mail with { SmtpUtf8 = true }, recipients, content);
        using var writer = new CommandWriter(offered);
        if (recipients is [var recipient])
        {
            writer.Recipient(recipient, transaction);
            Assert.Equal(new SmtpCommand.Rcpt(recipient), CommandParser.Parse(Line(writer)));
            return;
        }

        writer.Mail(transaction);
        var again = Assert.IsType<SmtpCommand.Mail>(CommandParser.Parse(Line(writer))).From;
        Assert.Equal((mail.ReversePath, mail.Return, mail.EnvelopeId), (again.ReversePath, again.Return, again.EnvelopeId));
    }

    private static ReadOnlySpan<byte> Line(CommandWriter writer)
    {
        var line = writer[0].Span;
        Assert.True(line.EndsWith("\r\n"u8));
        return line[..^2];
    }
}
