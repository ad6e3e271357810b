using Relay.Queue.Scheduling;

namespace Relay.Tests.Queue;

public sealed class LanesTests
{
    [Fact]
    public void Lanes_TrialHoldsItsShare_OthersStillGetSlots()
    {
        var lanes = new Lanes<Site>(9);
        for (var site = 0; site < 20; site++)
        {
            lanes.Enqueue(new Site($"dead{site}", 1), Lane.Trial);
        }

        Assert.Equal(3, TakeAll(lanes));
        lanes.Enqueue(new Site("new", 1), Lane.Fresh);
        lanes.Enqueue(new Site("good", 1), Lane.Proven);

        Assert.Equal(2, TakeAll(lanes));
        lanes.Leave(Lane.Trial);
        Assert.Equal(1, TakeAll(lanes));
    }

    [Fact]
    public void Lanes_ProvenAlone_GetsEverySlotAndNoMore()
    {
        var lanes = new Lanes<Site>(9);
        for (var site = 0; site < 20; site++)
        {
            lanes.Enqueue(new Site($"good{site}", 1), Lane.Proven);
        }

        Assert.Equal(9, TakeAll(lanes));
    }

    [Fact] // What is busiest must not starve what is new
    public void Lanes_AllBusy_TakeTurns()
    {
        var lanes = new Lanes<Site>(1);
        foreach (var lane in new[] { Lane.Proven, Lane.Proven, Lane.Proven, Lane.Fresh, Lane.Trial })
        {
            lanes.Enqueue(new Site(lane.ToString(), 1), lane);
        }

        var served = new List<Lane>();
        while (lanes.TryDequeue(Lane.Trial, out _, out var lane))
        {
            served.Add(lane);
        }

        Assert.Equal([Lane.Fresh, Lane.Trial, Lane.Proven, Lane.Proven, Lane.Proven], served);
    }

    [Fact]
    public void Member_MovedToABetterLane_IsServedThereOnce()
    {
        var lanes = new Lanes<Site>(9);
        var site = new Site("a", 1);
        lanes.Enqueue(site, Lane.Trial);
        lanes.Enqueue(site, Lane.Proven);
        lanes.Enqueue(site, Lane.Trial);

        Assert.True(lanes.TryDequeue(Lane.Trial, out _, out var lane));
        Assert.Equal(Lane.Proven, lane);
        Assert.False(lanes.TryDequeue(Lane.Trial, out _, out _));
    }

    [Fact] // RFC 5321 §4.5.4.1: what is known of a host decides how it is served
    public void Site_Lane_FollowsWhatIsKnownOfIt()
    {
        var site = new Site("a", 20);
        var destination = new Destination("a.test") { Site = site };
        Assert.Equal(Lane.Trial, site.Lane);
        site.HasFresh = true;
        Assert.Equal(Lane.Fresh, site.Lane);

        Attempt(SiteHealth.Neutral);
        Assert.Equal(Lane.Trial, site.Lane);
        Attempt(SiteHealth.Good);
        Assert.Equal(Lane.Proven, site.Lane);
        Attempt(SiteHealth.Strained);
        Assert.Equal(Lane.Proven, site.Lane);
        Attempt(SiteHealth.Unreachable);
        Assert.Equal(Lane.Trial, site.Lane);

        void Attempt(SiteHealth health)
        {
            destination.Append(new QueueEntry(new Relay.Queue.QueueId(1), destination, long.MaxValue));
            site.Join(destination);
            Assert.NotNull(site.Take());
            site.Finish(health, started: 0, now: 0, _ => 100);
        }
    }

    private static int TakeAll(Lanes<Site> lanes)
    {
        var taken = 0;
        while (lanes.TryDequeue(Lane.Trial, out _, out var lane))
        {
            lanes.Occupy(lane);
            taken++;
        }

        return taken;
    }
}
