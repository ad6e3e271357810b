using System.Globalization;
using System.Text;
using Relay.Lab;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>What a notification looks like (RFC 3461 §6, RFC 3464, RFC 6522), by a reader of its own.</summary>
public sealed class NoticeFormTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 3461 §6.1: null sender, original reverse-path as recipient, no RET, NOTIFY only as NEVER
    public async Task DSN_13_TheEnvelopeIsThatOfANotification()
    {
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Refusing, new MxBehavior { Extensions = ["DSN"] });
        await lab.SubmitAsync(" RET=FULL ENVID=QQ", "<ann@one.test> NOTIFY=FAILURE");

        var message = (await lab.Sender.WaitForMessagesAsync(1, Cancel))[0];
        Assert.Equal("MAIL FROM:<>", message.MailLine);
        Assert.Contains(
            Assert.Single(message.RecipientLines), (string[])["RCPT TO:<app@corp.test>", "RCPT TO:<app@corp.test> NOTIFY=NEVER"]);
    }

    [Fact] // RFC 3461 §6.2, RFC 6522 §3, RFC 3464 §2.1: multipart/report of text, status and the original or its header
    public async Task DSN_14_TheFormIsAMultipartReport()
    {
        var notice = await FailAsync();

        Assert.Equal("1.0", Notice.Value(notice.Fields, "MIME-Version"));
        var type = Notice.Value(notice.Fields, "Content-Type")!;
        Assert.StartsWith("multipart/report;", type, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("report-type=delivery-status", type, StringComparison.OrdinalIgnoreCase);
        Assert.InRange(notice.Parts.Count, 2, 3);
        Assert.StartsWith("text/plain", notice.Parts[0].ContentType, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("message/delivery-status", notice.Parts[1].ContentType);
        Assert.Contains("ann@one.test", notice.Parts[0].Body, StringComparison.Ordinal);
        Assert.All(notice.Parts.Skip(2), part => Assert.Matches("^(message/rfc822|text/rfc822-headers)", part.ContentType));
    }

    [Theory] // RFC 3461 §6.2: RET=FULL returns the whole message on failure; otherwise only headers
    [InlineData(" RET=FULL", "message/rfc822", true)]
    [InlineData(" RET=HDRS", "text/rfc822-headers", false)]
    [InlineData("", "text/rfc822-headers", false)]
    public async Task DSN_15_TheMessageComesBackAsRetSays(string ret, string type, bool hasBody)
    {
        var notice = await FailAsync(ret);

        Assert.Equal(3, notice.Parts.Count);
        Assert.StartsWith(type, notice.Parts[2].ContentType, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Subject: letter\r\n", notice.Parts[2].Body, StringComparison.Ordinal);
        Assert.Equal(hasBody, notice.Parts[2].Body.Contains("\r\n\r\nbody", StringComparison.Ordinal));
        Assert.Equal(hasBody, notice.Parts[2].Body.Contains("body", StringComparison.Ordinal));
    }

    [Fact] // RFC 3461 §6.2: a message above the size limit comes back by its header, whatever RET says
    public async Task DSN_15_ALargeMessageComesBackByItsHeader()
    {
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Refusing);
        await lab.SubmitTextAsync(
            PlainMessage.Header + string.Concat(Enumerable.Repeat("body\r\n", 50_000)), " RET=FULL", "<ann@one.test>");

        var returned = (await lab.NoticeAsync()).Parts[2];
        Assert.StartsWith("text/rfc822-headers", returned.ContentType, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Subject: letter\r\n", returned.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("body", returned.Body, StringComparison.Ordinal);
    }

    [Fact] // RFC 3461 §6.3, RFC 3464 §2.2.2: Reporting-MTA is present with type dns and the host name
    public async Task DSN_16_TheReportingMtaIsNamed() =>
        Assert.Equal("dns; relay.test", Notice.Value((await FailAsync()).PerMessage, "Reporting-MTA"));

    [Theory] // RFC 3461 §6.3, RFC 3464 §2.2.1: Original-Envelope-Id appears exactly if ENVID was given, decoded
    [InlineData("", null)]
    [InlineData(" ENVID=QQ+2Bx+3Dy", "QQ+x=y")]
    public async Task DSN_17_TheEnvelopeIdComesBackDecoded(string envid, string? expected) =>
        Assert.Equal(expected, Notice.Value((await FailAsync(envid)).PerMessage, "Original-Envelope-Id"));

    [Fact] // RFC 3461 §4: xtext is decoded for fields
    public async Task DSN_11_XtextIsDecodedForFields()
    {
        var notice = await FailAsync(" ENVID=a+2Bb", " ORCPT=rfc822;x+2By@old.test");

        Assert.Equal("a+b", Notice.Value(notice.PerMessage, "Original-Envelope-Id"));
        Assert.Equal("rfc822; x+y@old.test", Spaced(notice.OfRecipient("Original-Recipient")));
    }

    [Theory] // RFC 3461 §6.3, RFC 3464 §2.3.1, §2.3.2: Final-Recipient is present; Original-Recipient exactly if ORCPT was given
    [InlineData("", null)]
    [InlineData(" ORCPT=rfc822;Ann@Old.TEST", "rfc822; Ann@Old.TEST")]
    public async Task DSN_18_TheRecipientsAreNamed(string orcpt, string? original)
    {
        var notice = await FailAsync(recipient: orcpt);

        Assert.Equal("rfc822; ann@one.test", notice.OfRecipient("Final-Recipient"));
        Assert.Equal(original, Spaced(notice.OfRecipient("Original-Recipient")));
    }

    [Theory] // RFC 3461 §6.3, RFC 3464 §2.3.3, §2.3.4: Action and Status are present, and the class of Status fits the action
    [InlineData("failed", "^5\\.[0-9]{1,3}\\.[0-9]{1,3}$")]
    [InlineData("delayed", "^4\\.[0-9]{1,3}\\.[0-9]{1,3}$")]
    [InlineData("relayed", "^2\\.[0-9]{1,3}\\.[0-9]{1,3}$")]
    public async Task DSN_19_StatusFitsTheAction(string action, string status)
    {
        var notice = action switch
        {
            "failed" => await FailAsync(),
            "delayed" => await DelayAsync(),
            _ => await FailAsync(recipient: " NOTIFY=SUCCESS", behavior: new MxBehavior { Extensions = [] }),
        };
        Assert.Equal(action, notice.OfRecipient("Action"));
        Assert.Matches(status, notice.OfRecipient("Status"));
    }

    [Theory] // RFC 3461 §6.3, RFC 3464 §2.3.5, §2.3.6: after an SMTP attempt Remote-MTA and Diagnostic-Code with the full reply
    [InlineData("550 5.1.1 No such user here")]
    [InlineData("550-5.1.1 No such user,|550-5.1.1 nor was there ever|550 5.1.1 one; ask elsewhere")]
    public async Task DSN_20_TheReplyOfTheNextHopIsQuoted(string reply)
    {
        var lines = reply.Split('|');
        var notice = await FailAsync(behavior: new MxBehavior { Extensions = [] }.At("RCPT", MxAction.Reply(lines)));

        Assert.Equal("dns; mx.one.test", notice.OfRecipient("Remote-MTA"));
        var diagnostic = notice.OfRecipient("Diagnostic-Code")!;
        Assert.StartsWith("smtp; 550", diagnostic, StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Contains(line["550 5.1.1 ".Length..], diagnostic, StringComparison.Ordinal));
    }

    [Fact] // RFC 3464 §2.2.5, §2.3.7, §2.3.9: Arrival-Date, Last-Attempt-Date and, for delays, Will-Retry-Until are present
    public async Task DSN_21_TheDatesArePresent()
    {
        var delayed = await DelayAsync();
        var arrival = DateOf(Notice.Value(delayed.PerMessage, "Arrival-Date"));
        Assert.InRange(DateOf(delayed.OfRecipient("Last-Attempt-Date")) - arrival, TimeSpan.Zero, TimeSpan.FromMinutes(44.1));
        Assert.InRange(DateOf(delayed.OfRecipient("Will-Retry-Until")) - arrival, TimeSpan.FromDays(4.99), TimeSpan.FromDays(5.01));

        var failed = await FailAsync();
        Assert.NotNull(Notice.Value(failed.PerMessage, "Arrival-Date"));
        Assert.NotNull(failed.OfRecipient("Last-Attempt-Date"));
        Assert.Null(failed.OfRecipient("Will-Retry-Until"));
    }

    [Fact] // RFC 3464 §2.1: From of the notification is a mailbox of the mail system, To the original sender
    public async Task DSN_24_FromIsTheMailSystemAndToTheSender()
    {
        var notice = await FailAsync();

        Assert.Matches("<?(MAILER-DAEMON|postmaster)@relay\\.test>?$", Notice.Value(notice.Fields, "From"));
        Assert.Matches("^<?app@corp\\.test>?$", Notice.Value(notice.Fields, "To"));
    }

    [Theory] // RFC 6531 §3.2, RFC 6533 §3, §4: internationalised status fields, in seven bits for a sender who may not take eight
    [InlineData("app@corp.test", "message/delivery-status", "utf-8; gr\\x{FC}n@one.test")]
    [InlineData("j\u00f6rg@corp.test", "message/global-delivery-status", "utf-8; gr\u00fcn@one.test")]
    public async Task DSN_25_ARecipientBeyondAsciiIsNamed(string sender, string type, string recipient)
    {
        await using var lab = await NoticeLab.StartAsync(new MxBehavior().At("RCPT", MxAction.Reply("550 5.1.1 No such user here")));
        await lab.Relay.SubmitAsync($"MAIL FROM:<{sender}> SMTPUTF8", ["RCPT TO:<gr\u00fcn@one.test>"], PlainMessage.Text, Cancel);

        var notice = await lab.NoticeAsync();
        Assert.Equal(type, notice.Parts[1].ContentType);
        Assert.Equal(recipient, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(notice.OfRecipient("Final-Recipient")!)));
        Assert.Equal(sender != "app@corp.test", notice.Message.MailLine.EndsWith(" SMTPUTF8", StringComparison.Ordinal));
    }

    private static async Task<Notice> FailAsync(string mail = "", string recipient = "", MxBehavior? behavior = null)
    {
        await using var lab = await NoticeLab.StartAsync(behavior ?? NoticeLab.Refusing);
        await lab.SubmitAsync(mail, "<ann@one.test>" + recipient);
        return await lab.NoticeAsync();
    }

    private static async Task<Notice> DelayAsync()
    {
        var clock = new ManualClock();
        await using var lab = await NoticeLab.StartAsync(
            NoticeLab.Deferring, clock: clock, settings: NoticeLab.SoonLate);
        await lab.SubmitAsync(string.Empty, "<ann@one.test>");
        await lab.PassDelayAsync(clock);
        return await lab.NoticeAsync();
    }

    // RFC 3464 §2.3.1: blanks around the semicolon are nobody's business.
    private static string? Spaced(string? field) => field is null ? null : string.Join("; ", field.Split(';', 2, StringSplitOptions.TrimEntries));

    private static DateTimeOffset DateOf(string? field) =>
        DateTimeOffset.ParseExact(field!, "ddd, d MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture);
}
