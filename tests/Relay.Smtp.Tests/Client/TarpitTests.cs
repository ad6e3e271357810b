using Relay.Lab;
using Relay.Lab.Mx;
using Relay.Smtp.Client;

using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>
/// Servers that answer just before each limit, without end. Every step keeps its whole time (SMTP-25 to SMTP-30); the steps
/// together have one too, and no further step begins beyond it.
/// </summary>
public sealed class TarpitTests
{
    private static readonly TimeSpan AlmostFive = TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1);

    private readonly ManualClock _clock = new();

    [Theory] // RFC 5321 §4.5.3.2.3
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recipients_EachAnsweredAtTheLastMoment_EndAfterHalfAnHour(bool pipelining)
    {
        var behavior = new MxBehavior { Extensions = pipelining ? ["PIPELINING"] : [] };
        await using var mx = LabMx.Start(behavior.At("RCPT", MxAction.Stall));
        await using var session = await OpenAsync(mx.EndPoint, _clock);

        var sending = session.SendAsync(Message([.. Enumerable.Range(0, 100).Select(i => $"u{i}@lab.test")]), Cancellation);
        var stalls = 0;
        while (!sending.IsCompleted)
        {
            stalls++;
            await Task.WhenAny(sending, StepAsync(mx, stalls));
        }

        // Six replies come within half an hour and the seventh is awaited like the others; then it is enough.
        Assert.Equal(8, stalls);
        var result = await sending;
        Assert.Equal((SessionFaultKind.TimedOut, SmtpStage.Recipient), (result.Fault!.Kind, result.Fault.Stage));
        Assert.Empty(mx.Messages);
    }

    [Fact] // RFC 5321 §4.5.3.2.1: the greeting has its time; nothing is begun beyond that of all steps
    public async Task Greeting_LaterThanAllStepsMayTake_IsFollowedByNothing()
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.Connect, MxAction.Stall));
        await using var session = await ConnectAsync(mx.EndPoint, _clock, new SmtpTimeouts { Envelope = TimeSpan.FromMinutes(1) });

        var opening = session.OpenAsync(Cancellation);
        await mx.WaitForStallsAsync(1, Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(5), Cancellation);
        _clock.Advance(AlmostFive);
        mx.Release();
        var opened = await opening;

        Assert.Equal((SessionFaultKind.TimedOut, SmtpStage.Hello), (opened.Fault!.Kind, opened.Fault.Stage));
        Assert.Empty(mx.Commands);
    }

    [Theory] // SMTP-25, SMTP-29, RFC 5321 §4.5.3.2.5: slow is taken, next to nothing is not
    [InlineData(10, true)]
    [InlineData(179, false)]
    public async Task Content_TakenSlowly_IsSentWhereItProgresses(int secondsForABlock, bool expected)
    {
        await using var mx = LabMx.Start(new MxBehavior { Extensions = [] });
        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync(mx.EndPoint, Cancellation);
        await using var tardy = new TardyStream(
            new System.Net.Sockets.NetworkStream(socket, ownsSocket: true), _clock, TimeSpan.FromSeconds(secondsForABlock));
        await using var session = new SmtpClientSession(tardy, "relay.lab.test", new SmtpTimeouts(), _clock);
        Assert.True((await session.OpenAsync(Cancellation)).Succeeded);
        using var content = new BytesContent(string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 8_000)));

        var sending = session.SendAsync(Message(content, "a@lab.test"), Cancellation);
        if (!expected)
        {
            // The last word of a server that gives up is awaited for a moment.
            await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(5), Cancellation);
            _clock.Advance(TimeSpan.FromSeconds(5));
        }

        var result = await sending;
        Assert.Equal(expected ? [250] : [0], Codes(result));
        if (!expected)
        {
            Assert.Equal((SessionFaultKind.TimedOut, SmtpStage.Content), (result.Fault!.Kind, result.Fault.Stage));
            Assert.InRange(tardy.Blocks, 20, 30);
            Assert.Empty(mx.Messages);
        }
    }

    private async Task StepAsync(LabMx mx, int stalls)
    {
        await mx.WaitForStallsAsync(stalls, Cancellation);
        await _clock.TimerScheduledAsync(TimeSpan.FromMinutes(5), Cancellation);
        _clock.Advance(AlmostFive);
        mx.Release();
    }
}
