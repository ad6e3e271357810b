namespace Relay.Queue.Tests.Scheduling;

/// <summary>Nothing that goes wrong in one attempt or look-up makes the queue forget a message or stand still.</summary>
public sealed class DispatchFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // Promise 1: a cancellation that nobody asked for (a time-out that leaked) defers, it does not lose the entry
    public async Task Attempt_ThrowsStrayCancellation_IsDeferredAndTriedAgain()
    {
        await using var lab = new QueueLab();
        var isFirst = true;
        lab.Pipeline.Before = (_, _) => Interlocked.Exchange(ref isFirst, false)
            ? throw new OperationCanceledException("an inner time-out")
            : Task.CompletedTask;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");

        Assert.Equal("internal-error", (await lab.Log.NextAsync("deferred"))["Reason"]);
        await lab.Clock.TimersScheduledAsync(1, Token);
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        await lab.Log.NextAsync("delivered");
    }

    [Fact]
    public async Task Route_ThrowsStrayCancellation_DestinationStillGetsItsMail()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.BeforeRoute = (_, _) => throw new OperationCanceledException("an inner time-out");
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");

        await lab.Log.NextAsync("delivered");
    }

    [Fact] // Look-ups of dead domains must not take every slot from mail that can go
    public async Task Routes_HangingByTheDozen_OthersAreDelivered()
    {
        await using var lab = new QueueLab { MaxConcurrency = 4 };
        lab.Pipeline.BeforeRoute = (domain, token) =>
            domain == "live.test" ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@live.test");
        await lab.Log.NextAsync("delivered");
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => lab.EnqueueAsync(queue, $"u@dead{number}.test")));

        await lab.EnqueueAsync(queue, "ann@live.test");
        await lab.Log.NextAsync("delivered");
    }

    [Fact] // After a restart nothing is known of any domain, and dead ones by the dozen wait to be looked up
    public async Task Routes_OfABacklogHanging_FreshMailIsLookedUpAndDelivered()
    {
        await using var lab = new QueueLab { MaxConcurrency = 6 };
        lab.Pipeline.BeforeRoute = (domain, token) =>
            domain == "live.test" ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => lab.EnqueueAsync(queue, $"u@dead{number}.test")));
        await using var restarted = lab.CopyAsKilled();
        restarted.MaxConcurrency = 6;
        restarted.Pipeline.BeforeRoute = lab.Pipeline.BeforeRoute;
        queue = await restarted.StartAsync();

        await restarted.EnqueueAsync(queue, "ann@live.test");

        await restarted.Log.NextAsync("delivered");
    }

    [Fact] // Attempts that hang at dead sites must not take every slot from mail that can go
    public async Task Attempts_OfABacklogHanging_FreshMailIsDelivered()
    {
        await using var lab = new QueueLab { MaxConcurrency = 6 };
        lab.Pipeline.Before = (attempt, token) =>
            attempt.Destination.Key == "live.test" ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => lab.EnqueueAsync(queue, $"u@dead{number}.test")));
        await using var restarted = lab.CopyAsKilled();
        restarted.MaxConcurrency = 6;
        restarted.Pipeline.Before = lab.Pipeline.Before;
        queue = await restarted.StartAsync();

        await restarted.EnqueueAsync(queue, "ann@live.test");

        await restarted.Log.NextAsync("delivered");
    }

    [Fact] // RFC 8461 §5.1: no message ends without an attempt that knows to be the last, backed-off site or not
    public async Task Overdue_SiteCannotBeReached_EveryMessageGetsAFinalAttempt()
    {
        await using var lab = new QueueLab
        {
            MaxPerSite = 1,
            Options = new QueueOptions { RetrySchedule = [TimeSpan.FromSeconds(100)], Lifetime = TimeSpan.FromSeconds(100) },
        };
        var finals = 0;
        var late = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => late.Task.WaitAsync(token);
        lab.Pipeline.Outcome = (attempt, _) =>
        {
            Interlocked.Add(ref finals, attempt.IsFinal ? 1 : 0);
            return FakePipeline.Unreachable;
        };
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => lab.EnqueueAsync(queue, $"u{number}@dead.test")));
        Assert.False((await lab.Pipeline.NextAsync()).IsFinal);
        lab.Clock.Advance(TimeSpan.FromSeconds(300));
        late.SetResult();
        for (var expired = 0; expired < 29; expired++)
        {
            await lab.Log.NextAsync("expired");
        }

        Assert.Equal(29, finals);
    }
}
