namespace Relay.Queue.Tests;

/// <summary>A wall clock that steps by a day, while the relay runs and across a restart.</summary>
public sealed class ClockStepTests
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(4.4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(400)]
    [InlineData(-400)]
    public async Task Step_WhileRunning_NeitherHurriesNorDelaysNorExpires(int days)
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        for (var number = 0; number < 20; number++)
        {
            await lab.EnqueueAsync(queue, $"u{number}@a.test");
            await lab.Log.NextAsync("deferred");
            await lab.Pipeline.NextAsync();
        }

        await SettledAsync(queue);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(days));
        lab.Clock.Advance(TimeSpan.FromSeconds(50));
        Assert.False(lab.Pipeline.HasStarted);

        lab.Clock.Advance(TimeSpan.FromSeconds(20));
        for (var number = 0; number < 20; number++)
        {
            Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
            await lab.Log.NextAsync("deferred");
        }
    }

    [Fact] // Stepped back while it was down: what is due in a day and more by the store is due within the longest wait
    public async Task Restart_ClockSteppedBack_NothingIsStuck()
    {
        await using var lab = new QueueLab();
        await DeferTwentyAsync(lab);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(-1));

        await lab.StartAsync();
        Assert.False(lab.Pipeline.HasStarted);
        lab.Clock.Advance(LongestWait);
        for (var number = 0; number < 20; number++)
        {
            Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
        }
    }

    [Fact] // Stepped ahead while it was down: as after a day out of service; one attempt each, within the limits, and no end before its time
    public async Task Restart_ClockSteppedAhead_OneAttemptEachAndNoneExpires()
    {
        // Mail that looks a day old is mail whose sender would be told of the delay; that is not what is watched here.
        await using var lab = new QueueLab { MaxPerSite = 3, Options = new QueueOptions { DelayWarning = TimeSpan.Zero } };
        await DeferTwentyAsync(lab);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(1));

        var queue = await lab.StartAsync();
        for (var number = 0; number < 20; number++)
        {
            Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
            await lab.Log.NextAsync("deferred");
        }

        Assert.InRange(lab.Pipeline.MostAtOnce["a.test"], 1, 3);
        await SettledAsync(queue);
        lab.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.False(lab.Pipeline.HasStarted);

        // The clock is set right again: the second wait is as long as ever.
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(-1));
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
    }

    private static async Task DeferTwentyAsync(QueueLab lab)
    {
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        for (var number = 0; number < 20; number++)
        {
            await lab.EnqueueAsync(queue, $"u{number}@a.test");
            await lab.Log.NextAsync("deferred");
            await lab.Pipeline.NextAsync();
        }

        await queue.StopAsync(Token);
    }

    private static Task SettledAsync(MailQueue queue) => Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
}
