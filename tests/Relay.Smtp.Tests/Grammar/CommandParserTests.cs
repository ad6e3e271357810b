using System.Text;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Tests.Grammar;

public class CommandParserTests
{
    private static readonly string L64 = new('a', 64);
    private static readonly string D189 = string.Join('.', new string('d', 63), new string('d', 62), new string('d', 62));

    private static readonly string[] ValidLines =
    [
        "EHLO client.example.org", "MAIL FROM:<@a.test,@b.test:\"quo\\\"ted\"@[IPv6:2001:db8::1]> SIZE=10 ENVID=a+2Bb RET=HDRS",
        "RCPT TO:<j\u00F6rg@b\u00FCcher.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40b", "BDAT 1000 LAST", "STARTTLS",
    ];

    [Theory] // SMTP-44, RFC 5321 §4.1.2
    [InlineData("<a@b.test>", "a@b.test")]
    [InlineData("<Mixed.Case+tag@Example.ORG>", "Mixed.Case+tag@Example.ORG")]
    [InlineData("<\"quoted local\"@b.test>", "\"quoted local\"@b.test")]
    [InlineData("<\"a\\\"b\\\\c@>\"@b.test>", "\"a\\\"b\\\\c@>\"@b.test")]
    [InlineData("<\"\"@b.test>", "\"\"@b.test")]
    [InlineData("<!#$%&'*+-/=?^_`{|}~@b.test>", "!#$%&'*+-/=?^_`{|}~@b.test")]
    [InlineData("<a@localhost>", "a@localhost")]
    [InlineData("<a@[192.0.2.1]>", "a@[192.0.2.1]")]
    [InlineData("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]")]
    [InlineData("<@one.test,@two.test:a@b.test>", "a@b.test")] // SMTP-19, RFC 5321 §4.1.1.3
    [InlineData("<@one.test:a@b.test>", "a@b.test")]
    [InlineData("<a@b.test>  ", "a@b.test")]
    [InlineData(" <a@b.test>", "a@b.test")]
    [InlineData("<j\u00F6rg@b\u00FCcher.test>", "j\u00F6rg@b\u00FCcher.test")]
    [InlineData("<a@xn--bcher-kva.test>", "a@xn--bcher-kva.test")]
    [InlineData("<postMASTER>", "postMASTER")] // SMTP-67, RFC 5321 §4.5.1
    public void Path_InGrammar_IsTakenUnchanged(string path, string expected)
    {
        var rcpt = Assert.IsType<SmtpCommand.Rcpt>(Parse("rcpt to:" + path));
        Assert.Equal(expected, rcpt.To.Mailbox.ToString());
    }

    [Theory] // HARD-11, RFC 5321 §4.1.2
    [InlineData("a@b.test")]
    [InlineData("<a@b.test")]
    [InlineData("<>")]
    [InlineData("<a>")]
    [InlineData("<@b.test>")]
    [InlineData("<a@>")]
    [InlineData("<.a@b.test>")]
    [InlineData("<a.@b.test>")]
    [InlineData("<a..b@b.test>")]
    [InlineData("<a b@b.test>")]
    [InlineData("<a@b..test>")]
    [InlineData("<a@b.test.>")]
    [InlineData("<a@-b.test>")]
    [InlineData("<a@b-.test>")]
    [InlineData("<a@b_c.test>")]
    [InlineData("<a@b@c.test>")]
    [InlineData("<a@[192.0.2]>")]
    [InlineData("<a@[192.0.2.256]>")]
    [InlineData("<a@[0x7f.0.0.1]>")]
    [InlineData("<a@[010.0.0.1]>")] // found by fuzzing: taken here, and refused by delivery
    [InlineData("<a@[2001:db8::1]>")]
    [InlineData("<a@[IPv6:fe80::1%eth0]>")]
    [InlineData("<a@[IPv6:192.0.2.1]>")]
    [InlineData("<\"a@b.test>")]
    [InlineData("<\"a\"b@c.test>")]
    [InlineData("<\"a\u0001\"@b.test>")]
    [InlineData("<a\u0001@b.test>")]
    [InlineData("<a\u007F@b.test>")]
    [InlineData("<a\t@b.test>")]
    [InlineData("<a\u0085@b.test>")]
    [InlineData("<a\u2028@b.test>")]
    [InlineData("<a@b\u0085.test>")]
    [InlineData("<@one.test,a@b.test>")]
    [InlineData("<@one.test:@two.test:a@b.test>")]
    [InlineData("<@one.test>")]
    public void Path_NotInGrammar_IsRefused(string path)
    {
        var invalid = Assert.IsType<SmtpCommand.Invalid>(Parse("RCPT TO:" + path));
        Assert.Equal(CommandFault.BadForwardPath, invalid.Fault);
    }

    [Fact] // RFC 6531 §3.3
    public void Path_InvalidUtf8_IsRefused()
    {
        byte[] line = [.. "MAIL FROM:<a"u8, 0xC3, 0x28, .. "@b.test> SMTPUTF8"u8];
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.BadReversePath), CommandParser.Parse(line));
        byte[] domain = [.. "MAIL FROM:<a@b"u8, 0xFF, .. ".test> SMTPUTF8"u8];
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.BadReversePath), CommandParser.Parse(domain));
    }

    [Fact] // SMTP-43, RFC 5321 §4.5.3.1.1 to §4.5.3.1.3
    public void Path_AtItsLimits_IsTakenAndOneMoreIsNot()
    {
        Assert.IsType<SmtpCommand.Rcpt>(Parse($"RCPT TO:<{L64}@{D189}>"));
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.ForwardPathTooLong), Parse($"RCPT TO:<{L64}a@b.test>"));
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.ForwardPathTooLong), Parse($"RCPT TO:<{L64}@{D189}d>"));

        // A local part of one and a path of 256: the longest domain that a path can hold.
        var domain = string.Join('.', D189, new string('e', 62));
        Assert.IsType<SmtpCommand.Rcpt>(Parse($"RCPT TO:<a@{domain}>"));
        Assert.True(DomainSyntax.IsDomain(Encoding.ASCII.GetBytes(domain + ".ff")));
        Assert.False(DomainSyntax.IsDomain(Encoding.ASCII.GetBytes(domain + ".fff")));
    }

    [Fact] // RFC 5321 §4.5.5
    public void Mail_NullReversePath_IsNull()
    {
        var mail = Assert.IsType<SmtpCommand.Mail>(Parse("MAIL FROM:<>"));
        Assert.True(mail.From.ReversePath.IsNull);
        Assert.IsType<SmtpCommand.Invalid>(Parse("MAIL FROM:<Postmaster>"));
    }

    [Fact]
    public void Mail_AllParameters_AreRead()
    {
        var mail = Assert.IsType<SmtpCommand.Mail>(
            Parse("mail from:<a@b.test> size=12 body=8bitmime smtputf8 ret=hdrs envid=QQ+2B")).From;
        Assert.Equal(12, mail.DeclaredSize);
        Assert.Equal(BodyType.EightBitMime, mail.Body);
        Assert.True(mail.SmtpUtf8);
        Assert.Equal(DsnReturn.Headers, mail.Return);
        Assert.Equal("QQ+2B", mail.EnvelopeId); // DSN-11: kept encoded for relaying
    }

    [Theory] // DSN-10, RFC 3461 §4.5; RFC 5321 §4.1.1.11
    [InlineData("MAIL FROM:<a@b.test> RET=FULL RET=FULL", 501)]
    [InlineData("MAIL FROM:<a@b.test> RET=ALL", 501)]
    [InlineData("MAIL FROM:<a@b.test> RET", 501)]
    [InlineData("MAIL FROM:<a@b.test> ENVID=a ENVID=b", 501)]
    [InlineData("MAIL FROM:<a@b.test> ENVID=", 501)]
    [InlineData("MAIL FROM:<a@b.test> ENVID=a+2b", 501)] // DSN-11: upper case only
    [InlineData("MAIL FROM:<a@b.test> ENVID=a+0D+0AX:", 501)] // HARD-11
    [InlineData("MAIL FROM:<a@b.test> ENVID=a+2", 501)]
    [InlineData("MAIL FROM:<a@b.test> SIZE=x", 501)]
    [InlineData("MAIL FROM:<a@b.test> SIZE=1 SIZE=1", 501)]
    [InlineData("MAIL FROM:<a@b.test> SIZE=123456789012345678901", 501)]
    [InlineData("MAIL FROM:<a@b.test> BODY=BINARYMIME", 501)]
    [InlineData("MAIL FROM:<a@b.test> SMTPUTF8=yes", 501)]
    [InlineData("MAIL FROM:<a@b.test> AUTH=<> AUTH=<>", 501)]
    [InlineData("MAIL FROM:<a@b.test> AUTH=", 501)]
    [InlineData("MAIL FROM:<a@b.test> AUTH=a+0D+0Ab", 501)]
    [InlineData("AUTH", 501)]
    [InlineData("AUTH PLA!N", 501)]
    [InlineData("AUTH ABCDEFGHIJKLMNOPQRSTU", 501)]
    [InlineData("AUTH PLAIN AA== AA==", 501)]
    [InlineData("MAIL FROM:<a@b.test> REQUIRETLS", 555)]
    [InlineData("MAIL FROM:<a@b.test> NOTIFY=NEVER", 555)]
    [InlineData("MAIL FROM:<a@b.test> =x", 501)]
    [InlineData("MAIL FROM:<a@b.test>SIZE=1", 501)]
    [InlineData("MAIL FROM <a@b.test>", 501)]
    [InlineData("RCPT TO:<a@b.test> NOTIFY=NEVER,DELAY", 501)]
    [InlineData("RCPT TO:<a@b.test> NOTIFY=SUCCESS NOTIFY=DELAY", 501)]
    [InlineData("RCPT TO:<a@b.test> NOTIFY=SOMETIMES", 501)]
    [InlineData("RCPT TO:<a@b.test> NOTIFY=SUCCESS,", 501)]
    [InlineData("RCPT TO:<a@b.test> ORCPT=a@b.test", 501)]
    [InlineData("RCPT TO:<a@b.test> ORCPT=rfc822;a+0Ab", 501)]
    [InlineData("RCPT TO:<a@b.test> ORCPT=rfc822;", 501)]
    [InlineData("RCPT TO:<a@b.test> ORCPT=rfc822;a ORCPT=rfc822;a", 501)]
    [InlineData("RCPT TO:<a@b.test> SMTPUTF8", 555)]
    public void Parameter_MalformedRepeatedOrUnknown_GetsItsReply(string line, int code)
    {
        var invalid = Assert.IsType<SmtpCommand.Invalid>(Parse(line));
        Assert.Equal(code, Relay.Smtp.Server.Replies.To(invalid.Fault).Code);
    }

    [Fact] // DSN-12, RFC 3461 §5.4
    public void DsnParameters_AtTheirLimits_AreTakenAndOneMoreIsNot()
    {
        var id = new string('e', 100);
        Assert.IsType<SmtpCommand.Mail>(Parse($"MAIL FROM:<a@b.test> RET=FULL ENVID={id}"));
        Assert.IsType<SmtpCommand.Invalid>(Parse($"MAIL FROM:<a@b.test> ENVID={id}e"));
        var original = "rfc822;" + new string('o', 493);
        var rcpt = Assert.IsType<SmtpCommand.Rcpt>(
            Parse($"RCPT TO:<a@b.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT={original}"));
        Assert.Equal(DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay, rcpt.To.Notify);
        Assert.Equal(original, rcpt.To.OriginalRecipient);
        Assert.IsType<SmtpCommand.Invalid>(Parse($"RCPT TO:<a@b.test> ORCPT={original}o"));
    }

    [Theory] // HARD-13, RFC 3030 §2
    [InlineData("BDAT 0", 0, false)]
    [InlineData("BDAT 86 LAST", 86, true)]
    [InlineData("bdat 86 last", 86, true)]
    [InlineData("BDAT 9223372036854775807", long.MaxValue, false)]
    [InlineData("BDAT 99999999999999999999", long.MaxValue, false)]
    public void Bdat_Size_NeverOverflows(string line, long octets, bool isLast) =>
        Assert.Equal(new SmtpCommand.Bdat(octets, isLast), Parse(line));

    [Theory]
    [InlineData("DATA now")]
    [InlineData("RSET all")]
    [InlineData("QUIT please")]
    [InlineData("STARTTLS 1.3")]
    [InlineData("VRFY")]
    public void Command_WithWrongArgument_IsBadArgument(string line) =>
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.BadArgument), Parse(line));

    [Theory] // EXT-08, RFC 3030 §2
    [InlineData("BDAT")]
    [InlineData("BDAT -1")]
    [InlineData("BDAT 1x")]
    [InlineData("BDAT 1 FIRST")]
    public void Bdat_OutOfGrammar_IsToldApart(string line) =>
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.BadChunkSize), Parse(line));

    [Theory] // HARD-11, HARD-12, RFC 5321 §4.1.1.1
    [InlineData("client.example.org", true)]
    [InlineData("my_host", true)]
    [InlineData("[192.0.2.1]", true)]
    [InlineData("[IPv6:2001:db8::1]", true)]
    [InlineData("", false)]
    [InlineData("[192.0.2.1", false)]
    [InlineData("a b", false)]
    [InlineData("a(b", false)]
    [InlineData("a=0D=0A", false)]
    [InlineData("a\u0001", false)]
    [InlineData("b\u00FCcher.test", false)]
    public void HelloName_OnlyOfHarmlessOctets_IsTaken(string name, bool expected) =>
        Assert.Equal(expected, Parse("EHLO " + name) is SmtpCommand.Hello);

    [Fact] // HARD-01, HARD-11, RFC 5321 §2.3.8
    public void Line_WithBareCrLfOrNul_IsRefusedWhole()
    {
        foreach (var bad in new[] { "\r", "\n", "\0" })
        {
            Assert.Equal(new SmtpCommand.Invalid(CommandFault.BareLineEnd), Parse($"RCPT TO:<a{bad}@b.test>"));
            Assert.Equal(new SmtpCommand.Invalid(CommandFault.BareLineEnd), Parse($"NOOP{bad}QUIT"));
            Assert.Equal(new SmtpCommand.Invalid(CommandFault.BareLineEnd), Parse($"EHLO a{bad}b"));
        }
    }

    [Fact] // RFC 5321 §4.2.4
    public void Verb_Unknown_IsUnknown()
    {
        foreach (var line in new[] { "", "X", "XYZZY", "MAI", "MAILFROM", "b\u00E4d " })
        {
            Assert.Equal(new SmtpCommand.Invalid(CommandFault.UnknownVerb), Parse(line));
        }
    }

    [Theory] // HARD-10: lines of HTTP, whatever else is wrong with them
    [InlineData("GET / HTTP/1.1")]
    [InlineData("GET /")]
    [InlineData("GET")]
    [InlineData("get / http/1.0 ")]
    [InlineData("POST / HTTP/1.1")]
    [InlineData("PUT /x HTTP/1.1")]
    [InlineData("HEAD / HTTP/1.1")]
    [InlineData("DELETE / HTTP/1.1")]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("CONNECT relay.test:25 HTTP/1.1")]
    [InlineData("PATCH / HTTP/1.1")]
    [InlineData("TRACE / HTTP/1.1")]
    [InlineData("PRI * HTTP/2.0")]
    [InlineData("PROPFIND / HTTP/1.1")]
    [InlineData("EHLO http://relay.test/ HTTP/1.1")] // a method of the attacker's choice
    [InlineData("NOOP / HTTP/1.1")]
    [InlineData("HTTP/1.1")]
    [InlineData("GET / HTTP/1.1\nHost: relay.test\n\nEHLO x.test")] // all in one line, for its LFs end none
    public void Line_OfHttp_IsForeign(string line) =>
        Assert.Equal(new SmtpCommand.Foreign(ForeignProtocol.Http), Parse(line));

    [Theory] // HARD-10: header fields, of HTTP or of a message
    [InlineData("Host: relay.test")]
    [InlineData("Host:relay.test")]
    [InlineData("Content-Type: text/plain")]
    [InlineData("X : y")]
    [InlineData("Subject: a message whose DATA was refused")]
    [InlineData(":authority: relay.test")]
    [InlineData("MAILFROM:<a@b.test>")]
    public void Line_OfAHeader_IsForeign(string line) =>
        Assert.Equal(new SmtpCommand.Foreign(ForeignProtocol.Unknown), Parse(line));

    [Theory] // RFC 5321 §4.1.1, §4.2.4: what resembles the above and is a command, or nothing
    [InlineData("MAIL FROM:<a@b.test>")]
    [InlineData("RCPT TO:<a@b.test>")]
    [InlineData("NOOP HTTP")]
    [InlineData("NOOP HTTP/")]
    [InlineData("HELP GET")]
    [InlineData("VRFY http://b.test/")]
    [InlineData("GETS")]
    [InlineData("")]
    public void Line_NotOfHttp_IsNotForeign(string line) => Assert.IsNotType<SmtpCommand.Foreign>(Parse(line));

    [Fact] // RFC 5321 §4.5.3.1, RFC 3463 §3.2
    public void ReversePath_TooLong_IsToldApart()
    {
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.ReversePathTooLong), Parse($"MAIL FROM:<{L64}a@b.test>"));
        Assert.Equal(new SmtpCommand.Invalid(CommandFault.ReversePathTooLong), Parse($"MAIL FROM:<{L64}@{D189}d>"));
    }

    [Fact] // HARD-11: cut at any octet, a line parses or is refused
    public void Line_CutAtEveryOctet_NeverThrows()
    {
        foreach (var line in ValidLines.Select(Encoding.UTF8.GetBytes))
        {
            Assert.IsNotType<SmtpCommand.Invalid>(CommandParser.Parse(line));
            for (var length = 0; length < line.Length; length++)
            {
                Assert.NotNull(CommandParser.Parse(line.AsSpan(0, length)));
            }
        }
    }

    [Fact] // HARD-11: what is accepted can be written into a command or a field
    public void Line_Mutated_NeverThrowsAndNeverLetsAControlThrough()
    {
        var random = new Random(5321);
        var seeds = ValidLines.Select(Encoding.UTF8.GetBytes).ToArray();
        for (var round = 0; round < 50_000; round++)
        {
            byte[] line = [.. seeds[random.Next(seeds.Length)]];
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                line[random.Next(5, line.Length)] = (byte)random.Next(256);
            }

            var text = CommandParser.Parse(line) switch
            {
                SmtpCommand.Hello hello => hello.Name,
                SmtpCommand.Mail { From: var mail } => $"{mail.ReversePath} {mail.EnvelopeId}",
                SmtpCommand.Rcpt { To: var to } => $"{to.Mailbox} {to.OriginalRecipient}",
                _ => string.Empty,
            };
            Assert.DoesNotContain(text, char.IsControl);
            Assert.DoesNotContain('\uFFFD', text);
        }
    }

    private static SmtpCommand Parse(string line) => CommandParser.Parse(Encoding.UTF8.GetBytes(line));
}
