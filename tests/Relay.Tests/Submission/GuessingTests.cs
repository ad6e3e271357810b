using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Relay.Lab;
using Relay.Reception;
using Relay.Submission;

namespace Relay.Tests.Submission;

/// <summary>Those who guess passwords, and those whom they get in the way of, against the whole program.</summary>
public sealed class GuessingTests : IAsyncLifetime
{
    private readonly SubmissionLab _lab = new();
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // Guessing gets slower, from one session to the next, and in the end is not listened to at all.
    public async Task Failures_InARow_WaitLongerAndThenGet421()
    {
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(_clock);
        foreach (var wait in (int[])[0, 1, 2, 4, 8, 16, 30])
        {
            await using var talk = await OpenAsync(relay);
            var failed = talk.SayAsync(SubmissionLab.Plain("ann", "guess"), "535", Cancel);
            if (wait > 0)
            {
                await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(wait), Cancel);
                Assert.False(failed.IsCompleted);
                _clock.Advance(TimeSpan.FromSeconds(wait));
            }

            await failed;
        }

        // Those who wait at once wait for each other: 30 s, 60 s, and no further.
        await using var first = await OpenAsync(relay);
        await using var second = await OpenAsync(relay);
        await using var third = await OpenAsync(relay);
        var right = first.SayAsync(SubmissionLab.Plain("ann", "secret"), "235", Cancel);
        await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(30), Cancel);
        var wrong = second.SayAsync(SubmissionLab.Plain("bob", "guess"), "535", Cancel);
        await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(60), Cancel);
        await third.SayAsync(SubmissionLab.Plain("carl", "guess"), "421 4.7.0", Cancel);
        Assert.Empty(await third.ReadReplyAsync(Cancel));
        await relay.Log.FirstAsync(line => line.EndsWith("reason=too-many-failures", StringComparison.Ordinal), Cancel);

        _clock.Advance(TimeSpan.FromSeconds(30));
        await right;
        _clock.Advance(TimeSpan.FromSeconds(30));
        await wrong;
    }

    [Fact] // guesses count as they start: thirty connections make as many guesses as one
    public async Task Guesses_AtOnce_AreNoMoreThanOneAfterAnother()
    {
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(_clock);
        var guesses = new List<Task<string>>();
        for (var i = 0; i < 31; i++)
        {
            guesses.Add(SayAsync(await OpenAsync(relay), SubmissionLab.Plain("ann", i < 30 ? "guess" : "secret")));
        }

        var replies = await PassAsync(relay, guesses);

        // At the seconds 0, 1, 3, 7, 15 and 31; the next would come after a minute.
        Assert.InRange(replies.Count(reply => !reply.StartsWith("421", StringComparison.Ordinal)), 1, 6);
    }

    [Fact] // also from all over a network, and at as many accounts as there are
    public async Task Guesses_OfOneNetwork_AreMeasuredTogether()
    {
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(_clock);
        var guesses = new List<Task<string>>();
        for (var i = 10; i < 110; i++)
        {
            guesses.Add(SayAsync(await OpenAsync(relay, $"127.0.7.{i}"), SubmissionLab.Plain($"user{i}", "guess")));
        }

        var replies = await PassAsync(relay, guesses);
        Assert.InRange(replies.Count(reply => !reply.StartsWith("421", StringComparison.Ordinal)), 16, 17 + 3 + 12);
    }

    [Fact] // one who guesses does not lock the account for its owner at an address that nobody has seen
    public async Task Owner_WhileAnotherClientGuesses_GetsInFromANewPlace()
    {
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(_clock);
        for (var i = 0; i < 8; i++)
        {
            await using var talk = await OpenAsync(relay);
            await PassAsync(relay, [SayAsync(talk, SubmissionLab.Plain("ann", "guess"))]);
        }

        var guesses = new List<Task<string>>();
        for (var i = 0; i < 30; i++)
        {
            guesses.Add(SayAsync(await OpenAsync(relay), SubmissionLab.Plain("ann", "guess")));
        }

        await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), Cancel);
        await using var owner = await OpenAsync(relay, "127.0.9.9");
        var login = SayAsync(owner, SubmissionLab.Plain("ann", "secret"));
        Assert.StartsWith("235", (await PassAsync(relay, [login]))[0], StringComparison.Ordinal);
        await PassAsync(relay, guesses);
    }

    [Fact] // a job that sends once a night is known for weeks, also after a restart, and waits for nobody's guesses
    public async Task Known_AfterARestartAndWhileManyGuess_GetsInAtOnce()
    {
        _lab.AddAccount("job", "secret");
        await using (var before = await _lab.StartRelayAsync(_clock))
        {
            await using var talk = await OpenAsync(before, "127.0.5.5");
            await talk.SayAsync(SubmissionLab.Plain("job", "secret"), "235", Cancel);
        }

        _clock.Advance(TimeSpan.FromDays(7));
        await using var relay = await _lab.StartRelayAsync(_clock);
        var guesses = new List<Task<string>>();
        for (var i = 10; i < 40; i++)
        {
            guesses.Add(SayAsync(await OpenAsync(relay, $"127.0.{i}.1"), SubmissionLab.Plain("job", "guess")));
        }

        // Who is not known is sent away by now.
        await (await Task.WhenAny(guesses.Skip(1)));
        Assert.Contains(guesses, guess => guess.IsCompleted && guess.Result.StartsWith("421", StringComparison.Ordinal));
        await using (var unknown = await OpenAsync(relay, "127.0.6.6"))
        {
            await unknown.SayAsync(SubmissionLab.Plain("job", "secret"), "421", Cancel);
        }

        await using var job = await OpenAsync(relay, "127.0.5.5");
        await job.SayAsync(SubmissionLab.Plain("job", "secret"), "235", Cancel);
        await PassAsync(relay, guesses);
    }

    [Fact] // RFC 4954 §6: 454 costs its client what a failure does, and those who belong here do not notice
    public async Task Busy_CostsItsSender_AndLeavesThePlaceOfThoseWhoAreKnown()
    {
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(_clock);
        await using (var known = await OpenAsync(relay, "127.0.5.5"))
        {
            await known.SayAsync(SubmissionLab.Plain("ann", "secret"), "235", Cancel);
        }

        // All the work that is done for remote parties, and all the places for it.
        using var hold = new ManualResetEventSlim();
        var work = relay.Services.GetRequiredService<PasswordCheck>().ForUnknownClients;
        var crowd = Enumerable.Range(1, 200)
            .Select(i => work.DoAsync(
                AddressBlock.OfNetwork(IPAddress.Parse($"10.0.{i}.1")),
                () =>
                {
                    hold.Wait(Cancel);
                    return false;
                },
                Cancel).AsTask())
            .ToList();
        await Poll.UntilAsync(() => crowd.Count(one => !one.IsCompleted) == 32 + Math.Max(1, Environment.ProcessorCount / 2), Cancel);

        await using var unknown = await OpenAsync(relay);
        await unknown.SayAsync(SubmissionLab.Plain("ann", "guess"), "454 4.7.0", Cancel);
        Assert.EndsWith("reason=busy", await relay.Log.NextAsync("auth-failed", Cancel), StringComparison.Ordinal);
        var again = unknown.SayAsync(SubmissionLab.Plain("bob", "guess"), "454 4.7.0", Cancel);
        await _clock.TimerScheduledAsync(TimeSpan.FromSeconds(1), Cancel);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await again;

        // A new password, so that it has to be compared.
        _lab.AddAccount("ann", "new");
        _clock.Advance(TimeSpan.FromSeconds(2));
        await using (var known = await OpenAsync(relay, "127.0.5.5"))
        {
            await known.SayAsync(SubmissionLab.Plain("ann", "new"), "235", Cancel);
        }

        hold.Set();
        await Task.WhenAll(crowd);
    }

    [Fact] // nobody fills the log by guessing, whatever the relay says to it
    public async Task Guesses_WithoutEnd_WriteABoundedNumberOfLines()
    {
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(_clock, ("Relay:MaxConnectionsPerAddress", "1000"));
        var waiting = new List<Task<string>>();
        for (var i = 0; i < 6; i++)
        {
            waiting.Add(SayAsync(await OpenAsync(relay), SubmissionLab.Plain($"user{i}", "guess")));
            await Poll.UntilAsync(() => waiting[0].IsCompleted, Cancel);
        }

        for (var i = 0; i < 250; i++)
        {
            await using var talk = await OpenAsync(relay);
            await talk.SayAsync(SubmissionLab.Plain($"user{i % 20 + 10}", "guess"), "421 4.7.0", Cancel);
        }

        Assert.InRange(relay.Log.Of("auth-failed").Count, 90, 100);
        await PassAsync(relay, waiting);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await using var last = await OpenAsync(relay);
        await PassAsync(relay, [SayAsync(last, SubmissionLab.Plain("ann", "guess"))]);
        Assert.Matches("client=127.0.0.1 lines=[0-9]+$", await relay.Log.NextAsync("log-suppressed", Cancel));

        // Who succeeds is told of, however often: these are known.
        for (var i = 0; i < 120; i++)
        {
            await using var own = await OpenAsync(relay, "127.0.5.5");
            var login = SayAsync(own, SubmissionLab.Plain("ann", "secret"));
            await PassAsync(relay, [login]);
        }

        await Poll.UntilAsync(() => relay.Log.Of("authenticated").Count == 120, Cancel);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static Task<SmtpTalk> OpenAsync(RelayUnderTest relay, string from = "127.0.0.1") =>
        SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel, from);

    private static Task<string> SayAsync(SmtpTalk talk, string line) => talk.SayAsync(line, string.Empty, Cancel);

    // Lets time pass, a second at a time, until all have their reply.
    private async Task<string[]> PassAsync(RelayUnderTest relay, IReadOnlyList<Task<string>> replies)
    {
        await using var bystander = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        while (!replies.All(reply => reply.IsCompleted))
        {
            await bystander.SayAsync("NOOP", "250", Cancel);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        return await Task.WhenAll(replies);
    }
}
