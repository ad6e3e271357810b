using Relay.Lab;
using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Tests.Scheduling;

/// <summary>
/// Backlog: a million entries must fit into 500 MB beside everything else. What is allocated on the thread of a test is counted
/// exactly, whatever other tests do meanwhile.
/// </summary>
public sealed class SchedulerMemoryTests
{
    private const int Entries = 100_000;
    private static readonly QueueSettings Settings = new("unused", MaxConcurrency: 100, MaxPerSite: 20);

    [Fact]
    public void Entry_AtADestinationOfMany_TakesLessThan150Octets()
    {
        using var scheduler = new Scheduler(Settings, new RetrySchedule([]), new ManualClock(), () => { });
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var entry = 0; entry < Entries; entry++)
        {
            scheduler.Add(new QueueId(entry + 1), "dead.test", new EntrySchedule(long.MaxValue, Attempts: 1, TimeSpan.FromMinutes(30)));
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Entries, 64, 150);
    }

    [Fact] // The tables double as they grow: what they throw away is counted here too
    public void Entry_AtADestinationOfItsOwn_TakesLessThan400Octets()
    {
        using var scheduler = new Scheduler(Settings, new RetrySchedule([]), new ManualClock(), () => { });
        var names = Enumerable.Range(0, Entries).Select(number => $"d{number}.test").ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var entry = 0; entry < Entries; entry++)
        {
            scheduler.Add(new QueueId(entry + 1), names[entry], new EntrySchedule(long.MaxValue, Attempts: 1, TimeSpan.FromMinutes(30)));
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Entries, 64, 400);
    }

    [Fact] // A command for one message does not go through the queue: it would keep every session from its 250 meanwhile
    public void Commands_ForOneMessageOfMany_LookAtItAlone()
    {
        using var scheduler = new Scheduler(Settings, new RetrySchedule([]), new ManualClock(), () => { });
        for (var entry = 0; entry < Entries; entry++)
        {
            scheduler.Add(new QueueId(entry + 1), "dead.test", new EntrySchedule(long.MaxValue, Attempts: 1, TimeSpan.FromMinutes(entry % 2)));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var id = 1; id <= 1000; id++)
        {
            Assert.Equal(1, scheduler.Expedite(new QueueId(id), destination: null));
            var takenOut = scheduler.TakeOut(new QueueId(id));
            Assert.Single(takenOut);
            scheduler.Forget(takenOut);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000 * 2048);
        Assert.Equal(Entries - 1000, scheduler.Entries);
        Assert.Equal(Entries - 1000, scheduler.Expedite("dead.test"));
        Assert.Equal(Entries - 1000, scheduler.Expedite());
    }

    [Fact] // A million sites that back off and have no ready mail are not all remembered
    public void Sites_IdleByTheHundredThousand_AreForgotten()
    {
        var known = new KnownDestinations(maxPerSite: 20);
        for (var number = 0; number < 2 * Entries; number++)
        {
            var destination = known.Find($"d{number}.test");
            destination.Entries = 1;
            destination.Site = known.FindSite($"mx.d{number}.test");
        }

        Assert.Equal(2 * Entries, known.Count);
        Assert.InRange(known.Sites, 1, 50_000);
        Assert.InRange(known.Values.Count(destination => destination.Site is not null), 1, 50_000);
    }

    [Fact] // A million destinations due at once do not have a million sites in line
    public void Sites_OfWhatHasWaited_AreLookedUpOnlyAsFarAsTheirTurnMayComeSoon()
    {
        using var scheduler = new Scheduler(Settings, new RetrySchedule([]), new ManualClock(), () => { });
        for (var entry = 0; entry < 2 * Entries; entry++)
        {
            scheduler.Add(new QueueId(entry + 1), $"d{entry}.test", new EntrySchedule(long.MaxValue, Attempts: 1, TimeSpan.Zero));
        }

        var attempts = new Queue<WorkItem.Attempt>();
        var routes = 0;
        void Go()
        {
            while (scheduler.TryTake(out var turn))
            {
                if (turn is WorkItem.Attempt attempt)
                {
                    attempts.Enqueue(attempt);
                    continue;
                }

                var destination = Assert.IsType<WorkItem.Route>(turn).Destination;
                routes++;
                scheduler.SetRoute(destination, destination.Name);
                scheduler.FinishTurn(turn);
            }
        }

        Go();
        Assert.InRange(routes, Entries, Entries + Settings.MaxConcurrency);

        // As those before them are tried, all come to their turn.
        var tried = 0;
        for (; attempts.TryDequeue(out var next); tried++)
        {
            scheduler.FinishAtSite(next, SiteHealth.Unreachable);
            scheduler.PutBack(next.Entry, TimeSpan.FromHours(1));
            scheduler.FinishTurn(next);
            Go();
        }

        Assert.Equal((2 * Entries, 2 * Entries), (routes, tried));
    }

    [Fact] // A whole backlog due at once leaves sessions room at the scheduler's lock
    public void Due_WholeBacklogAtOnce_BecomesReadyInBatches()
    {
        var clock = new ManualClock();
        var wakes = 0;
        using var scheduler = new Scheduler(Settings, new RetrySchedule([]), clock, () => wakes++);
        for (var entry = 0; entry < Entries; entry++)
        {
            scheduler.Add(new QueueId(entry + 1), "dead.test", new EntrySchedule(long.MaxValue, Attempts: 1, TimeSpan.FromMinutes(30)));
        }

        clock.Advance(TimeSpan.FromMinutes(31));

        Assert.InRange(wakes, Entries / 1000, int.MaxValue);
    }
}
