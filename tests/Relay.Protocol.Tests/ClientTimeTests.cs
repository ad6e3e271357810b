using Relay.Lab;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>The time limits of RFC 5321 §4.5.3.2, on a clock that the test moves.</summary>
public sealed class ClientTimeTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualClock _clock = new();
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 5321 §4.5.3.2: time limits apply per command, not to the whole transaction
    public async Task SMTP_25_ASlowButProgressingTransactionIsNotCutOff()
    {
        (string Stage, int Minutes)[] steps = [("MAIL", 5), ("RCPT", 5), ("DATA", 2), (MxRule.EndOfData, 10)];
        var mx = _lab.AddDomain("one.test", steps.Aggregate(
            new MxBehavior { Extensions = [] }, (behavior, step) => behavior.At(step.Stage, MxAction.Stall)));
        await using var relay = await _lab.StartRelayAsync(_clock);
        await relay.SubmitAsync(Cancel, "ann@one.test");
        foreach (var (index, (_, minutes)) in steps.Index())
        {
            await PassAsync(mx, index + 1, TimeSpan.FromMinutes(minutes), TimeSpan.FromMinutes(minutes) - Second);
        }

        await AssertDeliveredOnceAsync(mx);
    }

    [Fact] // RFC 5321 §4.5.3.2: time limits are configurable
    public async Task SMTP_25_TimeLimitsAreConfigurable()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At("MAIL", MxAction.Stall));
        await using var relay = await _lab.StartRelayAsync(_clock, ("Delivery:Timeouts:Mail", "00:21:00"));
        await relay.SubmitAsync(Cancel, "ann@one.test");
        await PassAsync(mx, 1, TimeSpan.FromMinutes(21), TimeSpan.FromMinutes(20));

        await AssertDeliveredOnceAsync(mx);
    }

    [Fact] // RFC 5321 §4.5.3.2.1: wait at least 5 minutes for the greeting
    public Task SMTP_26_TheGreetingIsAwaitedForFiveMinutes() => AnswerLateAsync(MxRule.Connect, minutes: 5);

    [Theory] // RFC 5321 §4.5.3.2.2, §4.5.3.2.3: wait at least 5 minutes for MAIL and for RCPT replies
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    public Task SMTP_27_RepliesToMailAndRcptAreAwaitedForFiveMinutes(string command) => AnswerLateAsync(command, minutes: 5);

    [Fact] // RFC 5321 §4.5.3.2.4: wait at least 2 minutes for the reply to DATA
    public Task SMTP_28_TheReplyToDataIsAwaitedForTwoMinutes() => AnswerLateAsync("DATA", minutes: 2);

    [Fact] // RFC 5321 §4.5.3.2.5: allow at least 3 minutes for each data block
    public async Task SMTP_29_AStalledReaderIsGivenThreeMinutes()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(MxRule.Content, MxAction.Stall));
        await using var relay = await _lab.StartRelayAsync(_clock);
        var content = PlainMessage.Header + string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 20_000));
        await relay.SubmitAsync(PlainMessage.Mail, ["RCPT TO:<ann@one.test>"], content, Cancel);
        await PassAsync(mx, 1, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3) - Second);

        await AssertDeliveredOnceAsync(mx);
        Assert.EndsWith(content, mx.Messages[0].Text, StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.5.3.2.6: wait at least 10 minutes for the reply to the end of data
    public async Task SMTP_30_AServerThatAnswersAfterNineMinutesGetsTheMessageOnce()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(MxRule.EndOfData, MxAction.Stall));
        await using var relay = await _lab.StartRelayAsync(_clock);
        await relay.SubmitAsync(Cancel, "ann@one.test");
        await PassAsync(mx, 1, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(9));

        await AssertDeliveredOnceAsync(mx);
    }

    [Fact] // RFC 5321 §4.5.3.2.7: as server, wait at least 5 minutes for the next command
    public async Task SMTP_31_AnIdleClientIsNotCutOffBeforeFiveMinutes()
    {
        await using var relay = await _lab.StartRelayAsync(_clock);
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await _clock.DueAsync(TimeSpan.FromMinutes(5), Cancel);
        _clock.Advance(TimeSpan.FromMinutes(5) - Second);
        await talk.SayAsync("NOOP", "250", Cancel);

        var closingReply = talk.ReadReplyAsync(Cancel);
        while (!closingReply.IsCompleted)
        {
            // Where the time began to run for NOOP and not yet for what follows it, it runs once more.
            await Task.WhenAny(closingReply, _clock.TimerScheduledAsync(TimeSpan.FromMinutes(5), Cancel));
            _clock.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.StartsWith("421", await closingReply, StringComparison.Ordinal);
        Assert.Empty(await talk.ReadReplyAsync(Cancel));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    /// <summary>The host answers one second before the least that the relay must wait, and is heard.</summary>
    private async Task AnswerLateAsync(string stage, int minutes)
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(stage, MxAction.Stall));
        await using var relay = await _lab.StartRelayAsync(_clock);
        await relay.SubmitAsync(Cancel, "ann@one.test");
        await PassAsync(mx, 1, TimeSpan.FromMinutes(minutes), TimeSpan.FromMinutes(minutes) - Second);

        await AssertDeliveredOnceAsync(mx);
    }

    private async Task PassAsync(LabMx mx, int stalls, TimeSpan limit, TimeSpan passes)
    {
        await mx.WaitForStallsAsync(stalls, Cancel);
        await _clock.DueAsync(limit, Cancel);
        _clock.Advance(passes);
        mx.Release();
    }

    private static async Task AssertDeliveredOnceAsync(LabMx mx)
    {
        await mx.WaitForMessagesAsync(1, Cancel);
        Assert.Single(mx.Connections);
        Assert.Single(mx.Messages);
    }
}
