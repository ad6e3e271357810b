using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Tests.Scheduling;

public sealed class SchedulingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory] // SMTP-46, SMTP-47, RFC 5321 §4.5.4.1
    [InlineData(1, 60)]
    [InlineData(2, 300)]
    [InlineData(3, 900)]
    [InlineData(4, 1800)]
    [InlineData(5, 3600)]
    [InlineData(9, 14_400)]
    [InlineData(99, 14_400)]
    public void RetrySchedule_Default_LengthensByUpToATenth(int attempts, int seconds)
    {
        var schedule = new RetrySchedule([]);
        for (var round = 0; round < 200; round++)
        {
            Assert.InRange(schedule.After(attempts).TotalSeconds, seconds, seconds * 1.1);
        }
    }

    [Fact] // SMTP-48, RFC 5321 §4.5.4.1
    public void Lifetime_Default_IsFiveDays() => Assert.Equal(TimeSpan.FromDays(5), new QueueOptions().Lifetime);

    [Fact] // SMTP-46, SMTP-49, RFC 5321 §4.5.4.1
    public async Task Deferred_ConfiguredSchedule_IsTriedAgainThenExpiresWithAFinalAttempt()
    {
        await using var lab = new QueueLab
        {
            Options = new QueueOptions { RetrySchedule = [TimeSpan.FromSeconds(100)], Lifetime = TimeSpan.FromSeconds(150) },
        };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");
        Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
        await lab.Clock.TimersScheduledAsync(1, Token);
        lab.Clock.Advance(TimeSpan.FromSeconds(99));
        Assert.False(lab.Pipeline.HasStarted);

        lab.Clock.Advance(TimeSpan.FromSeconds(12));
        Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
        await lab.Clock.TimersScheduledAsync(1, Token);
        lab.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await lab.Pipeline.NextAsync()).IsFinal);

        await lab.Log.NextAsync("expired");
        await queue.StopAsync(Token);

        // Its place is taken by the notification to its sender.
        Assert.Equal("app@corp.example|0", lab.Query("SELECT mailbox, state FROM recipient"));
    }

    [Fact] // Clock stepping: no burst, no early expiry
    public async Task Clock_StepsADay_ChangesNothing()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");
        await lab.Pipeline.NextAsync();
        await lab.Clock.TimersScheduledAsync(1, Token);

        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(30));
        lab.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(lab.Pipeline.HasStarted);
        lab.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
    }

    [Fact]
    public async Task Restart_DeferredMessage_KeepsItsTime()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");
        await lab.Log.NextAsync("deferred");
        await queue.StopAsync(Token);

        lab.Pipeline = new FakePipeline();
        await lab.StartAsync();
        lab.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(lab.Pipeline.HasStarted);
        lab.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("ann", (await lab.Pipeline.NextAsync()).Recipients[0].Envelope.Mailbox.LocalPart);
    }

    [Fact] // SMTP-51, RFC 5321 §4.5.4.1
    public async Task DeadSite_HundredMessages_AreTriedFewTimesAndDelayNobody()
    {
        await using var lab = new QueueLab { MaxConcurrency = 10 };
        var dead = 0;
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "live.test"
            ? FakePipeline.Delivered
            : FakePipeline.Unreachable;
        lab.Pipeline.Before = (attempt, _) =>
        {
            if (attempt.Destination.Key == "dead.test")
            {
                Interlocked.Increment(ref dead);
            }

            return Task.CompletedTask;
        };
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => lab.EnqueueAsync(queue, $"u{number}@dead.test")));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => lab.EnqueueAsync(queue, $"u{number}@live.test")));
        for (var delivered = 0; delivered < 100; delivered++)
        {
            await lab.Log.NextAsync("delivered");
        }

        Assert.InRange(dead, 1, 5);
    }

    [Fact] // SMTP-52, RFC 5321 §4.5.4.1
    public async Task Site_Delivering_GetsMoreConcurrencyUpToItsLimit()
    {
        await using var lab = new QueueLab { MaxPerSite = 8 };
        lab.Pipeline.Before = async (_, _) => await Task.Yield();
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(number => lab.EnqueueAsync(queue, $"u{number}@a.test")));
        for (var delivered = 0; delivered < 300; delivered++)
        {
            await lab.Log.NextAsync("delivered");
        }

        Assert.InRange(lab.Pipeline.MostAtOnce["a.test"], 1, 8);
    }

    [Fact] // SMTP-52: the limit of all sites together
    public async Task Sites_Many_StayWithinTheTotal()
    {
        await using var lab = new QueueLab { MaxConcurrency = 3 };
        var (active, most) = (0, 0);
        lab.Pipeline.Before = async (_, _) =>
        {
            var now = Interlocked.Increment(ref active);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref active);
        };
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => lab.EnqueueAsync(queue, $"u@d{number % 20}.test")));
        for (var delivered = 0; delivered < 100; delivered++)
        {
            await lab.Log.NextAsync("delivered");
        }

        Assert.InRange(most, 1, 3);
    }

    [Fact] // SMTP-52
    public void Site_StrainedThenUnreachable_HalvesThenRests()
    {
        var site = new Site("a", 20);
        var destination = new Destination("a.test") { Site = site };
        SiteHealth[] news = [SiteHealth.Good, SiteHealth.Good, SiteHealth.Good, SiteHealth.Strained];
        foreach (var health in news)
        {
            Take(site, destination);
            site.Finish(health, started: 0, now: 0, _ => 100);
        }

        Assert.Equal(4, site.Limit);
        Take(site, destination);
        Assert.True(site.Finish(SiteHealth.Unreachable, started: 1, now: 2, _ => 100));
        Assert.Equal((1, 102L), (site.Limit, site.BackoffUntil));
    }

    [Fact]
    public void MemoryBudget_Exhausted_RefusesUntilReturned()
    {
        var budget = new MemoryBudget(10_000);

        Assert.True(budget.TryTake(7000));
        Assert.False(budget.TryTake(7000));
        budget.Return(7000);
        Assert.True(budget.TryTake(7000));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private static void Take(Site site, Destination destination)
    {
        destination.Append(new QueueEntry(new QueueId(1), destination, long.MaxValue));
        site.Join(destination);
        Assert.NotNull(site.Take());
    }
}
