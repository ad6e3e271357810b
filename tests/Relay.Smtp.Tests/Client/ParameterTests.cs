using Relay.Lab.Mx;
using Relay.Mail;
using Relay.Smtp.Client;
using Relay.Smtp.Grammar;

using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>What MAIL and RCPT carry, and what they leave out.</summary>
public sealed class ParameterTests
{
    private static readonly string[] Everything = ["SIZE 1000000", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING"];

    private static MailFrom FullMail { get; } = new(new ReversePath(Box("app@corp.test")))
    {
        Body = BodyType.EightBitMime,
        SmtpUtf8 = true,
        Return = DsnReturn.Headers,
        EnvelopeId = "QQ+2Bx",
        Auth = "someone@corp.test",
    };

    private static RcptTo FullRecipient { get; } = new(Box("Ann@Lab.Test"))
    {
        Notify = DsnNotify.Success | DsnNotify.Delay | DsnNotify.Failure,
        OriginalRecipient = "rfc822;Ann+2BX@Old.Test",
    };

    [Fact] // EXT-10, EXT-12, EXT-17, DSN-01, DSN-02, DSN-03: all that came is passed on, and AUTH never
    public async Task Parameters_AllOffered_AreSent() => Assert.Equal(
        ["MAIL FROM:<app@corp.test> SIZE=6 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2Bx",
            "RCPT TO:<Ann@Lab.Test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;Ann+2BX@Old.Test"],
        await EnvelopeAsync(Everything, FullMail, FullRecipient, "gr\u00C3\u00BC\r\n"));

    [Fact] // SMTP-22, EXT-10, DSN-04, RFC 5321 §2.2.1: only what was offered
    public async Task Parameters_NoneOffered_AreLeftOut() => Assert.Equal(
        ["MAIL FROM:<app@corp.test>", "RCPT TO:<Ann@Lab.Test>"],
        await EnvelopeAsync(["PIPELINING"], FullMail, FullRecipient, "gr\u00C3\u00BC\r\n"));

    [Fact] // EXT-14, DSN-01, DSN-02, DSN-03: nothing is invented, and nothing announced that is not needed
    public async Task Parameters_NotReceivedOrNotNeeded_AreLeftOut() => Assert.Equal(
        ["MAIL FROM:<app@corp.test> SIZE=7", "RCPT TO:<ann@lab.test>"],
        await EnvelopeAsync(
            Everything,
            new MailFrom(FullMail.ReversePath) { SmtpUtf8 = true, Body = BodyType.EightBitMime },
            new RcptTo(Box("ann@lab.test")),
            "ascii\r\n"));

    [Fact] // DSN-02, RFC 3461 §4.1
    public async Task Notify_Never_StandsAlone() => Assert.Equal(
        ["MAIL FROM:<> RET=FULL", "RCPT TO:<ann@lab.test> NOTIFY=NEVER"],
        await EnvelopeAsync(
            ["DSN"],
            new MailFrom(ReversePath.Null) { Return = DsnReturn.Full },
            new RcptTo(Box("ann@lab.test")) { Notify = DsnNotify.Never },
            "a\r\n"));

    [Theory] // SMTP-44, RFC 5321 §2.4: byte for byte
    [InlineData("MixedCase.Local@Lab.Test")]
    [InlineData("\"quoted \\\" @ > part\"@lab.test")]
    [InlineData("a+b=c/d@[192.0.2.1]")]
    [InlineData("a@[IPv6:2001:db8::1]")]
    [InlineData("Postmaster")]
    public async Task LocalPart_OfAnyForm_ArrivesUnchanged(string address)
    {
        var envelope = await EnvelopeAsync([], new MailFrom(new ReversePath(Box(address))), new RcptTo(Box(address)), "a\r\n");

        Assert.Equal([$"MAIL FROM:<{address}>", $"RCPT TO:<{address}>"], envelope);
    }

    [Theory] // EXT-12, EXT-14, RFC 6531 §3.2, §3.4: a U-label alone needs no SMTPUTF8
    [InlineData("app@b\u00FCcher.test", "app@xn--bcher-kva.test", false, false)]
    [InlineData("app@b\u00FCcher.test", "app@xn--bcher-kva.test", true, false)]
    [InlineData("j\u00F6rg@b\u00FCcher.test", "j\u00F6rg@b\u00FCcher.test", true, true)]
    public async Task InternationalizedAddress_TravelsInItsForm(string address, string expected, bool offered, bool announced)
    {
        var envelope = await EnvelopeAsync(
            offered ? ["SMTPUTF8"] : [],
            new MailFrom(ReversePath.Null) { SmtpUtf8 = true },
            new RcptTo(Box(address)),
            "a\r\n");

        Assert.Equal([$"MAIL FROM:<>{(announced ? " SMTPUTF8" : "")}", $"RCPT TO:<{expected}>"], envelope);
    }

    [Fact] // SMTP-42, SMTP-43, DSN-12, RFC 5321 §4.5.3.1, RFC 3461 §5.4: the longest that may come in goes out whole
    public async Task Envelope_AtItsLimits_ArrivesWhole()
    {
        var longest = new string('l', 64) + "@" + string.Join('.', new string('d', 63), new string('d', 62), new string('d', 62));
        var envelope = await EnvelopeAsync(
            Everything,
            new MailFrom(new ReversePath(Box(longest))) { Return = DsnReturn.Full, EnvelopeId = new string('e', 100) },
            FullRecipient with { Mailbox = Box(longest), OriginalRecipient = "rfc822;" + new string('o', 493) },
            "ascii\r\n");

        Assert.Equal(
            [$"MAIL FROM:<{longest}> SIZE=7 RET=FULL ENVID={new string('e', 100)}",
                $"RCPT TO:<{longest}> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;{new string('o', 493)}"],
            envelope);
    }

    [Theory] // HARD-11, RFC 5321 §4.1.2: the writer is the last to look
    [InlineData("a\r\nDATA@lab.test")]
    [InlineData("a\n@lab.test")]
    [InlineData("a\0@lab.test")]
    [InlineData("a@lab.test> X=Y")]
    [InlineData("j\u00F6rg@lab.test")]
    public async Task Address_ThatCannotBeWritten_IsAFaultOfTheCaller(string address)
    {
        await using var mx = LabMx.Start(new MxBehavior { Extensions = ["PIPELINING"] });
        await using var session = await OpenAsync(mx.EndPoint);

        await Assert.ThrowsAsync<InvalidOperationException>(() => session.SendAsync(Message(address), Cancellation));
        Assert.Equal(["EHLO relay.lab.test"], mx.Connections[0].Lines);
    }

    [Theory] // RFC 6531 §3.2: what delivery asks before it sends
    [InlineData("a@lab.test", "ascii", true, false)]
    [InlineData("a@b\u00FCcher.test", "ascii", true, false)]
    [InlineData("a@lab.test", "\u00C3\u00BC", true, true)]
    [InlineData("a@lab.test", "\u00C3\u00BC", false, false)]
    [InlineData("\u00FC@lab.test", "ascii", false, true)]
    public void NeedsSmtpUtf8_FollowsAddressesAndContent(string address, string content, bool declared, bool expected)
    {
        var transaction = Message(new BytesContent(content), address);

        Assert.Equal(expected, new OutgoingTransaction(
            transaction.Mail with { SmtpUtf8 = declared }, transaction.Recipients, transaction.Content).NeedsSmtpUtf8);
    }

    private static async Task<IEnumerable<string>> EnvelopeAsync(
        string[] extensions, MailFrom mail, RcptTo recipient, string content)
    {
        await using var mx = LabMx.Start(new MxBehavior { Extensions = extensions });
        await using var session = await OpenAsync(mx.EndPoint);
        var result = await session.SendAsync(
            new OutgoingTransaction(mail, [recipient], new BytesContent(content)), Cancellation);
        Assert.Equal([250], Codes(result));
        return mx.Connections[0].Lines.Skip(1).Take(2);
    }
}
