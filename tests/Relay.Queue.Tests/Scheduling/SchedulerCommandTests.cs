using Relay.Lab;
using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Tests.Scheduling;

/// <summary>What operators' commands do to entries that are given out, and to sites that back off.</summary>
public sealed class SchedulerCommandTests : IDisposable
{
    private const string Domain = "a.test";

    private static readonly QueueSettings Settings = new("unused", MaxConcurrency: 10, MaxPerSite: 5);

    private readonly ManualClock _clock = new();
    private readonly Scheduler _scheduler;

    public SchedulerCommandTests() => _scheduler = new Scheduler(
        Settings, new RetrySchedule([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15)]), _clock, () => { });

    public void Dispose() => _scheduler.Dispose();

    [Theory] // A hold that cannot be written must not leave the message without an entry, whenever its attempt ends
    [InlineData(true)]
    [InlineData(false)]
    public void TakeOut_AttemptEndsMeanwhile_ComesBackOnlyIfTheCommandFails(bool succeeds)
    {
        Add(1);
        var attempt = Take()!;
        var takenOut = _scheduler.TakeOut(new QueueId(1));
        Assert.Empty(takenOut);
        Defer(attempt);
        Assert.Null(Take());

        if (succeeds)
        {
            _scheduler.Forget(takenOut);
        }
        else
        {
            _scheduler.Return(new QueueId(1), takenOut);
        }

        Assert.Equal(succeeds, Take() is null);
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Null(Take());
    }

    [Fact]
    public void Return_AttemptStillUnderWay_IsPutBackAtItsEnd()
    {
        Add(1);
        var attempt = Take()!;
        _scheduler.Return(new QueueId(1), _scheduler.TakeOut(new QueueId(1)));
        Defer(attempt);
        Assert.NotNull(Take());
    }

    [Fact] // The rest after a retry is a first one again, and ends in its own time
    public void Expedite_SiteFailsAgain_RestsAnew()
    {
        Add(1);
        Fail(Take()!);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Add(2);
        Fail(Take()!);
        Add(3);
        Add(4);
        Assert.Null(Take());
        Assert.Equal(TimeSpan.FromMinutes(15), _scheduler.BackoffOf(Domain));

        _scheduler.Expedite(new QueueId(3), destination: null);
        Fail(Take()!);
        Assert.Equal(TimeSpan.FromMinutes(1), _scheduler.BackoffOf(Domain));
        Assert.Null(Take());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(4, Take()!.Entry.Id.Value);
    }

    private void Add(long id) => _scheduler.AddNew(new QueueId(id), Domain, long.MaxValue, message: null);

    // The next attempt, after the look-up that may come before it.
    private WorkItem.Attempt? Take()
    {
        while (_scheduler.TryTake(out var turn))
        {
            if (turn is WorkItem.Attempt attempt)
            {
                return attempt;
            }

            _scheduler.SetRoute(Assert.IsType<WorkItem.Route>(turn).Destination, Domain);
            _scheduler.FinishTurn(turn);
        }

        return null;
    }

    private void Defer(WorkItem.Attempt attempt) => End(attempt, SiteHealth.Neutral);

    private void Fail(WorkItem.Attempt attempt) => End(attempt, SiteHealth.Unreachable);

    private void End(WorkItem.Attempt attempt, SiteHealth health)
    {
        _scheduler.FinishAtSite(attempt, health);
        _scheduler.PutBack(attempt.Entry, TimeSpan.FromHours(1));
        _scheduler.FinishTurn(attempt);
    }
}
