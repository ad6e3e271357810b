using System.Globalization;
using System.Net;
using Relay.Lab;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>What becomes of mail that cannot be delivered at once, seen from the next hop and on a clock that the test moves.</summary>
public sealed class QueueingTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromHours(1);

    private readonly ManualClock _clock = new();
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static MxBehavior Later => new MxBehavior().At("RCPT", MxAction.Reply("451 4.3.0 Later"));

    [Fact] // RFC 5321 §6.1: a message acknowledged with 250 is on stable storage and survives a crash
    public async Task SMTP_45_WhatWasAnswered250OutlivesAKill()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(MxRule.Connect, MxAction.Stall));
        var settings = RelayProcess.LabSettings(_lab.DataDirectory, _lab.Dns.Address, _lab.MxPort);
        await using (var relay = await RelayProcess.StartAsync(_lab.DataDirectory, settings, Cancel))
        {
            await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
            await talk.SubmitAsync(PlainMessage.Mail, ["RCPT TO:<ann@one.test>"], PlainMessage.Text, Cancel);
            await relay.Process.KillAsync(Cancel);
        }

        mx.Behavior = new MxBehavior();
        await using var again = await RelayProcess.StartAsync(_lab.DataDirectory, settings, Cancel);
        Assert.EndsWith(PlainMessage.Text, (await mx.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.5.4.1: undeliverable messages are queued and retried after a delay
    public async Task SMTP_46_AFailedAttemptIsFollowedByAnotherAndNotAtOnce()
    {
        var mx = _lab.AddDomain("one.test", Later);
        await using var relay = await _lab.StartRelayAsync(_clock, Clocks.RareRetry);
        await relay.SubmitAsync(Cancel, "ann@one.test");
        var wait = await _clock.DueAsync(TimeSpan.FromMinutes(17), TimeSpan.FromMinutes(18.7), Cancel);

        _clock.Advance(wait - Second);
        Assert.Single(Attempts(mx));
        mx.Behavior = new MxBehavior();
        _clock.Advance(Second);
        await mx.WaitForMessagesAsync(1, Cancel);
        Assert.Equal(2, Attempts(mx).Count);
    }

    [Fact] // RFC 5321 §4.5.4.1: the retry interval is at least 30 minutes in general; the first hour is denser
    public async Task SMTP_47_AfterTheFirstHourHalfAnHourLiesBetweenAttempts()
    {
        var mx = _lab.AddDomain("one.test", Later);
        await using var relay = await StartQuietAsync();
        var times = await RetryForAsync(relay, mx, TimeSpan.FromHours(24));

        Assert.InRange(times.Count(time => time < TimeSpan.FromHours(1)), 2, 6);
        foreach (var (earlier, later) in times.Zip(times.Skip(1)).Where(pair => pair.First >= TimeSpan.FromHours(1)))
        {
            Assert.True(later - earlier >= TimeSpan.FromMinutes(30), $"attempts at {earlier} and {later}");
        }
    }

    [Fact] // RFC 5321 §4.5.4.1: attempts go on for at least 4 to 5 days
    public async Task SMTP_48_AttemptsGoOnForMoreThanFourDays()
    {
        var mx = _lab.AddDomain("one.test", Later);
        await using var relay = await StartQuietAsync();
        var times = await RetryForAsync(relay, mx, TimeSpan.FromDays(4.5));

        Assert.True(times[^1] >= TimeSpan.FromDays(4.5));
        Assert.Empty(relay.Log.Of("expired"));
    }

    [Fact] // RFC 5321 §4.5.4.1: retry parameters are configurable
    public async Task SMTP_49_ChangedSettingsChangeTheSchedule()
    {
        var mx = _lab.AddDomain("one.test", Later);
        await using var relay = await StartQuietAsync(
            ("Queue:RetrySchedule:0", "00:10:00"), ("Queue:RetrySchedule:1", "00:40:00"), ("Queue:Lifetime", "01:30:00"));
        var times = await RetryForAsync(relay, mx, TimeSpan.FromMinutes(89));

        Assert.Equal(4, times.Count);
        Assert.InRange(times[1] - times[0], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11.1));
        Assert.InRange(times[2] - times[1], TimeSpan.FromMinutes(40), TimeSpan.FromMinutes(44.1));

        // The lifetime ends with a last attempt.
        Assert.InRange(times[3], TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(90.1));
        await relay.Log.NextAsync("expired", Cancel);
    }

    [Fact] // RFC 5321 §4.5.4.1: unreachable hosts are remembered, so that queued messages do not each repeat the timeout
    public async Task SMTP_51_ADeadHostIsNotAskedByEachMessage()
    {
        var other = _lab.AddDomain("other.test");
        var address = IPAddress.Parse("127.0.0.200");
        _lab.Dns.Zone.AddMx("one.test", 10, "mx.one.test").AddAddress("mx.one.test", address);
        await using var relay = await _lab.StartRelayAsync(_clock, Clocks.RareRetry);
        await relay.SubmitAsync(Cancel, "first@one.test");
        await relay.Log.NextAsync("deferred", Cancel);

        // The host comes back, so that it can count; the relay does not know that yet.
        await using var revived = LabMx.Start(new MxBehavior(), address, _lab.MxPort);
        await using (var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel))
        {
            for (var message = 0; message < 99; message++)
            {
                await talk.SubmitAsync(PlainMessage.Mail, [$"RCPT TO:<u{message}@one.test>"], PlainMessage.Text, Cancel);
            }
        }

        await relay.SubmitAsync(Cancel, "bob@other.test");
        await other.WaitForMessagesAsync(1, Cancel);
        Assert.Empty(revived.Connections);

        // What was remembered is forgotten after a quarter of an hour, which nothing else of the relay waits for.
        _clock.Advance(await _clock.DueAsync(TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(18.7), Cancel));
        await revived.WaitForMessagesAsync(99, Cancel);
        Assert.InRange(revived.Connections.Count, 1, 20);
    }

    [Theory] // RFC 5321 §4.5.4.1: parallel deliveries are limited per host, and in total
    [InlineData("Delivery:MaxPerSite", "one.test")]
    [InlineData("Delivery:MaxConcurrency", "one.test,two.test")]
    public async Task SMTP_52_ConcurrentDeliveriesAreLimited(string setting, string domains)
    {
        const int Limit = 3;
        const int Messages = 20;
        var destinations = domains.Split(',');
        var behavior = new MxBehavior().At(MxRule.EndOfData, MxAction.Stall);
        var mx = _lab.AddHost("mx.test", behavior);
        foreach (var destination in destinations)
        {
            // Names of their own make them hosts of their own, on one address that counts for both.
            _lab.Dns.Zone.AddMx(destination, 10, $"mx.{destination}").AddAddress($"mx.{destination}", mx.EndPoint.Address);
        }

        await using var relay = await _lab.StartRelayAsync((setting, $"{Limit}"), ("Delivery:MaxPerSite", $"{Limit}"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);

        // Hosts that took mail before may have all slots; of those not known yet each gets its turn on a part of them.
        for (var known = 1; known <= destinations.Length; known++)
        {
            await talk.SubmitAsync(PlainMessage.Mail, [$"RCPT TO:<first@{destinations[known - 1]}>"], PlainMessage.Text, Cancel);
            await mx.WaitForStallsAsync(known, Cancel);
            mx.Release();
            await mx.WaitForMessagesAsync(known, Cancel);
        }

        for (var message = 0; message < Messages; message++)
        {
            await talk.SubmitAsync(PlainMessage.Mail, [$"RCPT TO:<u{message}@{destinations[message % destinations.Length]}>"], PlainMessage.Text, Cancel);
        }

        var all = destinations.Length + Messages;
        for (var answered = destinations.Length; answered < all; answered = mx.Messages.Count)
        {
            // Each round fills the limit, as far as there is mail left, and never more.
            await mx.WaitForStallsAsync(answered + Math.Min(Limit, all - answered), Cancel);
            Assert.InRange(mx.Unaccepted.Count + Waiting(mx), 0, Limit);
            mx.Release();
            await mx.WaitForMessagesAsync(answered + Math.Min(Limit, all - answered), Cancel);
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static IReadOnlyList<MxCommand> Attempts(LabMx mx) => [.. mx.Commands.Where(command => command.Verb == "RCPT")];

    // Transactions whose final dot has not been answered.
    private static int Waiting(LabMx mx) => mx.Commands.Count(command => command.Verb == "DATA") - mx.Messages.Count;

    // Without the services that work by the minute, so that of all the relay's timers only the queue's falls on a retry.
    private Task<RelayUnderTest> StartQuietAsync(params (string Key, string Value)[] settings) =>
        _lab.StartRelayAsync(_clock, [("MtaSts:Enabled", "false"), ("TlsRpt:Enabled", "false"), ("Queue:DelayWarning", "00:00:00"), .. settings]);

    /// <summary>Lets the relay try until so much time has passed; gives the time of each attempt after the first's.</summary>
    private async Task<List<TimeSpan>> RetryForAsync(RelayUnderTest relay, LabMx mx, TimeSpan duration)
    {
        var start = _clock.GetUtcNow();
        await relay.SubmitAsync(Cancel, "ann@one.test");
        List<TimeSpan> times = [];
        while (true)
        {
            await mx.WaitForCommandsAsync("RCPT", times.Count + 1, Cancel).WaitAsync(Clocks.Patience, TimeProvider.System, Cancel);
            times.Add(_clock.GetUtcNow() - start);
            if (times[^1] >= duration)
            {
                return times;
            }

            // The log says when it is due, in whole seconds; until the scheduler waits for that, time stands still.
            var line = await relay.Log.NextAsync("deferred", Cancel);
            var wait = NextOf(line) - _clock.GetUtcNow();
            var timer = wait < LongestTimer ? wait : LongestTimer;
            await _clock.DueAsync(timer, timer + Second, Cancel);
            _clock.Advance(wait - Second);
            Assert.Equal(times.Count, Attempts(mx).Count);
            _clock.Advance(2 * Second);
        }
    }

    private static DateTimeOffset NextOf(string line)
    {
        var start = line.IndexOf(" next=", StringComparison.Ordinal) + " next=".Length;
        return DateTimeOffset.Parse(line.AsSpan(start, "2026-11-22T12:00:00Z".Length), CultureInfo.InvariantCulture);
    }
}
