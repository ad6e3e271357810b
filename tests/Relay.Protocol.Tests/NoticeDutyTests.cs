using Relay.Lab;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>When a sender is told, and when nobody is (RFC 3461 §4.1, §5.2; RFC 5321 §4.5.5, §6.1).</summary>
public sealed class NoticeDutyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 5321 §4.5.4.1: notifications may have a shorter lifetime
    public async Task SMTP_50_NotificationsMayHaveALifetimeOfTheirOwn()
    {
        var clock = new ManualClock();
        await using var lab = await NoticeLab.StartAsync(
            NoticeLab.Refusing, NoticeLab.Deferring, clock, [.. NoticeLab.SoonLate, ("Queue:NotificationLifetime", "00:30:00")]);
        await lab.SubmitAsync(string.Empty, "<ann@one.test>");
        await lab.Relay.Log.FirstAsync(line => line.Contains(" deferred ", StringComparison.Ordinal)
            && line.Contains(" from=<> ", StringComparison.Ordinal), Cancel);
        clock.Advance(await clock.DueAsync(TimeSpan.FromMinutes(29), TimeSpan.FromMinutes(30), Cancel));
        Assert.Contains(" from=<> ", await lab.Relay.Log.NextAsync("expired", Cancel), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §3.6.3, §6.1: if delivery fails after acceptance, the reverse-path is notified
    public async Task SMTP_63_TheReversePathIsToldOfAFailure()
    {
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Refusing);
        await lab.SubmitAsync(string.Empty, "<ann@one.test>");

        var notice = await lab.NoticeAsync();
        Assert.Equal(["app@corp.test"], notice.Message.Recipients);
        Assert.Equal("failed", notice.OfRecipient("Action"));
    }

    [Fact] // RFC 5321 §6.1, §4.5.5: notifications use the null reverse-path, and a failed one ends silently
    public async Task SMTP_64_AFailedNotificationEndsSilently()
    {
        await using var lab = await NoticeLab.StartAsync(
            NoticeLab.Refusing, new MxBehavior().At(new MxRule("RCPT", MxAction.Reply("550 5.1.1 Gone")) { Times = 1 }));
        await lab.SubmitAsync(string.Empty, "<ann@one.test>");
        await lab.Sender.WaitForCommandsAsync("MAIL FROM:<>", 1, Cancel);
        await lab.Relay.Log.FirstAsync(line => line.Contains(" from=<> ", StringComparison.Ordinal)
            && line.Contains(" bounced ", StringComparison.Ordinal), Cancel);

        await lab.AssertNoNoticeAsync();
    }

    [Fact] // RFC 5321 §4.5.4: no error message is sent in response to an error message
    public async Task SMTP_65_ABounceOfABounceProducesNothing()
    {
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Refusing);
        await lab.Relay.SubmitAsync(
            "MAIL FROM:<>",
            ["RCPT TO:<ann@one.test>"],
            "From: MAILER-DAEMON@else.test\r\nTo: ann@one.test\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
            + "Return-Path: <app@corp.test>\r\nReply-To: app@corp.test\r\n"
            + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nfailed\r\n--b--\r\n",
            Cancel);
        await lab.Relay.Log.NextAsync("bounced", Cancel);

        await lab.AssertNoNoticeAsync();
    }

    [Fact] // RFC 3461 §5.2.2: NOTIFY with SUCCESS and a next hop without DSN that accepts: a relayed notification is issued
    public async Task DSN_05_ANextHopWithoutDsnMakesARelayedNotification()
    {
        await using var lab = await NoticeLab.StartAsync(new MxBehavior { Extensions = [] });
        await lab.SubmitAsync(string.Empty, "<ann@one.test> NOTIFY=SUCCESS");

        Assert.Equal("relayed", (await lab.NoticeAsync()).OfRecipient("Action"));
    }

    [Fact] // RFC 3461 §5.2.1: a next hop with DSN takes the duty over
    public async Task DSN_05_ANextHopWithDsnMakesNone()
    {
        await using var lab = await NoticeLab.StartAsync(new MxBehavior { Extensions = ["DSN"] });
        await lab.SubmitAsync(string.Empty, "<ann@one.test> NOTIFY=SUCCESS,FAILURE");
        await lab.Relay.Log.NextAsync("delivered", Cancel);

        await lab.AssertNoNoticeAsync();
    }

    [Theory] // RFC 3461 §5.2.6: failure with FAILURE requested, or without NOTIFY, gives a failed notification; else none
    [InlineData("", true)]
    [InlineData(" NOTIFY=FAILURE", true)]
    [InlineData(" NOTIFY=SUCCESS,FAILURE", true)]
    [InlineData(" NOTIFY=DELAY,FAILURE,SUCCESS", true)]
    [InlineData(" NOTIFY=SUCCESS", false)]
    [InlineData(" NOTIFY=DELAY", false)]
    [InlineData(" NOTIFY=SUCCESS,DELAY", false)]
    [InlineData(" NOTIFY=NEVER", false)]
    public async Task DSN_06_AFailureIsToldWhereItWasAskedFor(string notify, bool isTold)
    {
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Refusing);
        await lab.SubmitAsync(string.Empty, "<ann@one.test>" + notify);
        if (isTold)
        {
            var notice = await lab.NoticeAsync();
            Assert.Equal("failed", notice.OfRecipient("Action"));
            Assert.Equal("rfc822; ann@one.test", notice.OfRecipient("Final-Recipient"));
        }
        else
        {
            await lab.Relay.Log.NextAsync("bounced", Cancel);
            await lab.AssertNoNoticeAsync();
        }
    }

    [Theory] // RFC 3461 §4.1, §5.2.2: NOTIFY=NEVER gives no notification under any condition
    [InlineData("bounced")]
    [InlineData("delivered")]
    [InlineData("deferred")]
    public async Task DSN_07_NeverMeansNever(string outcome)
    {
        var clock = new ManualClock();
        var behavior = outcome switch
        {
            "bounced" => NoticeLab.Refusing,
            "deferred" => NoticeLab.Deferring,
            _ => new MxBehavior { Extensions = [] },
        };
        await using var lab = await NoticeLab.StartAsync(behavior, clock: clock, settings: NoticeLab.SoonLate);
        await lab.SubmitAsync(string.Empty, "<ann@one.test> NOTIFY=NEVER");
        if (outcome == "deferred")
        {
            await lab.PassDelayAsync(clock);
        }
        else
        {
            await lab.Relay.Log.NextAsync(outcome, Cancel);
        }

        await lab.AssertNoNoticeAsync();
    }

    [Theory] // RFC 3461 §5.2.5: delay notifications are issued only with DELAY requested or without NOTIFY
    [InlineData("", true)]
    [InlineData(" NOTIFY=DELAY", true)]
    [InlineData(" NOTIFY=FAILURE,DELAY", true)]
    [InlineData(" NOTIFY=FAILURE", false)]
    [InlineData(" NOTIFY=SUCCESS,FAILURE", false)]
    public async Task DSN_08_ADelayIsToldWhereItWasAskedFor(string notify, bool isTold)
    {
        var clock = new ManualClock();
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Deferring, clock: clock, settings: NoticeLab.SoonLate);
        await lab.SubmitAsync(string.Empty, "<ann@one.test>" + notify);
        await lab.PassDelayAsync(clock);
        if (isTold)
        {
            Assert.Equal("delayed", (await lab.NoticeAsync()).OfRecipient("Action"));
        }
        else
        {
            await lab.AssertNoNoticeAsync();
        }
    }

    [Fact] // RFC 3461 §5.2: no notification for the null reverse-path
    public async Task DSN_09_TheNullReversePathIsNeverTold()
    {
        await using var lab = await NoticeLab.StartAsync(NoticeLab.Refusing);
        await lab.Relay.SubmitAsync("MAIL FROM:<>", ["RCPT TO:<ann@one.test> NOTIFY=SUCCESS,FAILURE,DELAY"], PlainMessage.Text, Cancel);
        await lab.Relay.Log.NextAsync("bounced", Cancel);

        await lab.AssertNoNoticeAsync();
    }

    [Fact] // RFC 3461 §5.2.8: a notification does not mention recipients for whom none was due
    public async Task DSN_22_OnlyThoseAreMentionedForWhomANotificationWasDue()
    {
        await using var lab = await NoticeLab.StartAsync(
            new MxBehavior { Extensions = [] }.At("RCPT", "good@", MxAction.Reply("250 Ok")).At("RCPT", MxAction.Reply("550 5.1.1 No such user")));
        await lab.SubmitAsync(
            string.Empty, "<silent@one.test> NOTIFY=NEVER", "<loud@one.test> NOTIFY=FAILURE", "<good@one.test>", "<happy@one.test> NOTIFY=SUCCESS");

        var notice = await lab.NoticeAsync();
        Assert.Equal("rfc822; loud@one.test", notice.OfRecipient("Final-Recipient"));
        Assert.All(
            (string[])["silent@", "good@", "happy@"],
            name => Assert.DoesNotContain(name, notice.Message.Text, StringComparison.Ordinal));
    }
}
