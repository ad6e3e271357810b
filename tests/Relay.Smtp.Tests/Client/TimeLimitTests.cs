using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Smtp.Client;

using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>The limits of RFC 5321 §4.5.3.2, on a clock that the test moves.</summary>
public sealed class TimeLimitTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualClock _clock = new();

    public static TheoryData<string, SmtpStage, int> ReplyLimits => new()
    {
        { "MAIL", SmtpStage.Mail, 5 }, // SMTP-27, §4.5.3.2.2
        { "RCPT", SmtpStage.Recipient, 5 }, // SMTP-27, §4.5.3.2.3
        { "DATA", SmtpStage.Data, 2 }, // SMTP-28, §4.5.3.2.4
        { MxRule.EndOfData, SmtpStage.EndOfData, 10 }, // SMTP-30, §4.5.3.2.6
    };

    [Theory] // SMTP-25, SMTP-27, SMTP-28, SMTP-30: each step has its own limit
    [MemberData(nameof(ReplyLimits))]
    public async Task Reply_NotComing_IsAwaitedForTheStepsWholeLimit(string at, SmtpStage stage, int minutes)
    {
        await using var mx = LabMx.Start(new MxBehavior { Extensions = [] }.At(at, MxAction.Stall));
        await using var session = await OpenAsync(mx.EndPoint, _clock);

        var sending = session.SendAsync(Message("a@lab.test"), Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(minutes), Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(minutes) - Second);
        Assert.False(sending.IsCompleted);
        _clock.Advance(Second);
        var result = await sending;

        Assert.Equal((SessionFaultKind.TimedOut, stage), (result.Fault!.Kind, result.Fault.Stage));
        Assert.Equal([0], Codes(result));
    }

    [Fact] // SMTP-26, RFC 5321 §4.5.3.2.1
    public async Task Greeting_NotComing_IsAwaitedForFiveMinutes()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Connect, MxAction.Stall));
        await using var session = await ConnectAsync(mx.EndPoint, _clock);

        var opening = session.OpenAsync(Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(5), Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(5) - Second);
        Assert.False(opening.IsCompleted);
        _clock.Advance(Second);
        var opened = await opening;

        Assert.Equal((SessionFaultKind.TimedOut, SmtpStage.Greeting), (opened.Fault!.Kind, opened.Stage));
    }

    [Fact] // SMTP-30: nine minutes are in time, and the message is there once
    public async Task FinalDot_AnsweredAfterNineMinutes_IsTaken()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.EndOfData, MxAction.Stall));
        await using var session = await OpenAsync(mx.EndPoint, _clock);

        var sending = session.SendAsync(Message("a@lab.test"), Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(10), Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(9));
        mx.Release();
        var result = await sending;

        Assert.Equal([250], Codes(result));
        Assert.Single(mx.Messages);
    }

    [Fact] // SMTP-29, RFC 5321 §4.5.3.2.5: a reader that has stopped is given three minutes
    public async Task Content_ThatNobodyTakes_IsHeldForThreeMinutes()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Content, MxAction.Stall));
        await using var session = await OpenAsync(mx.EndPoint, _clock);
        using var content = new BytesContent(string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 20_000)));

        var sending = session.SendAsync(Message(content, "a@lab.test"), Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(3), Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(3) - Second);
        Assert.False(sending.IsCompleted);
        while (!sending.IsCompleted)
        {
            // Where the block that stalls began between two steps of the clock, its time ends a little later.
            await Task.WhenAny(sending, _clock.TimersScheduledAsync(1, Cancellation));
            _clock.Advance(TimeSpan.FromSeconds(30));
        }

        var result = await sending;
        Assert.Equal((SessionFaultKind.TimedOut, SmtpStage.Content), (result.Fault!.Kind, result.Fault.Stage));
    }

    [Fact] // SMTP-25, RFC 5321 §4.5.3.2: limits are per step, so that a slow transaction may take longer than any of them
    public async Task Transaction_SlowAtEveryStep_IsNotCutOff()
    {
        var behavior = new MxBehavior { Extensions = [] };
        foreach (var step in new[] { "MAIL", "RCPT", "DATA", MxRule.EndOfData })
        {
            behavior = behavior.At(step, MxAction.Stall);
        }

        await using var mx = LabMx.Start(behavior);
        await using var session = await OpenAsync(mx.EndPoint, _clock);
        var sending = session.SendAsync(Message("a@lab.test"), Cancellation);
        foreach (var (stalls, minutes) in new[] { (1, 5), (2, 5), (3, 2), (4, 10) })
        {
            await mx.WaitForStallsAsync(stalls, Cancellation);
            await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(minutes), Cancellation);
            _clock.Advance(TimeSpan.FromMinutes(minutes) - Second);
            mx.Release();
        }

        var result = await sending;
        Assert.Equal([250], Codes(result));
    }

    [Fact] // the limits are the owner's to set
    public async Task Limits_FromTheOwner_Apply()
    {
        await using var mx = LabMx.Start(new MxBehavior().At("EHLO", MxAction.Stall));
        await using var session = await ConnectAsync(mx.EndPoint, _clock, new SmtpTimeouts { Hello = TimeSpan.FromSeconds(7) });

        var opening = session.OpenAsync(Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(7), Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(7));
        var opened = await opening;

        Assert.Equal((SessionFaultKind.TimedOut, SmtpStage.Hello), (opened.Fault!.Kind, opened.Stage));
    }

    [Fact] // RFC 8460 §4.3: a handshake without end is a failed one
    public async Task Handshake_WithoutAnswer_EndsAtItsLimit()
    {
        using var authority = new LabCertificateAuthority();
        using var certificate = authority.Issue("mx.lab.test");
        await using var mx = LabMx.Start(new MxBehavior { Certificate = certificate, Handshake = MxHandshake.Stall });
        await using var session = await OpenAsync(mx.EndPoint, _clock);

        var starting = session.StartTlsAsync(AnyCertificate, Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(1), Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(1));
        var step = await starting;

        Assert.Equal((SessionFaultKind.HandshakeFailed, "timeout-during-handshake"), (step.Fault!.Kind, step.Fault.Reason));
    }

    [Fact] // SMTP-35, RFC 5321 §3.8: the reply to QUIT is awaited for a short time only
    public async Task Quit_WithoutReply_EndsSoon()
    {
        await using var mx = LabMx.Start(new MxBehavior().At("QUIT", MxAction.Stall));
        await using var session = await OpenAsync(mx.EndPoint, _clock);

        var quitting = session.QuitAsync(Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(5), Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(5));
        await quitting;

        Assert.NotNull(session.Fault);
    }
}
