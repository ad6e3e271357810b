using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Tests.Scheduling;

public sealed class FairQueueTests
{
    [Fact]
    public void Lanes_TrialHoldsItsShare_OthersStillGetSlots()
    {
        var fairQueue = new FairQueue<Site>(9);
        for (var site = 0; site < 20; site++)
        {
            fairQueue.Enqueue(new Site($"dead{site}", 1), ServiceClass.Suspect);
        }

        Assert.Equal(3, TakeAll(fairQueue));
        fairQueue.Enqueue(new Site("new", 1), ServiceClass.New);
        fairQueue.Enqueue(new Site("good", 1), ServiceClass.Healthy);

        Assert.Equal(2, TakeAll(fairQueue));
        fairQueue.Leave(ServiceClass.Suspect);
        Assert.Equal(1, TakeAll(fairQueue));
    }

    [Fact]
    public void Lanes_ProvenAlone_GetsEverySlotAndNoMore()
    {
        var fairQueue = new FairQueue<Site>(9);
        for (var site = 0; site < 20; site++)
        {
            fairQueue.Enqueue(new Site($"good{site}", 1), ServiceClass.Healthy);
        }

        Assert.Equal(9, TakeAll(fairQueue));
    }

    [Fact] // What is busiest must not starve what is new
    public void Lanes_AllBusy_TakeTurns()
    {
        var fairQueue = new FairQueue<Site>(1);
        foreach (var serviceClass in new[] { ServiceClass.Healthy, ServiceClass.Healthy, ServiceClass.Healthy, ServiceClass.New, ServiceClass.Suspect })
        {
            fairQueue.Enqueue(new Site(serviceClass.ToString(), 1), serviceClass);
        }

        var served = new List<ServiceClass>();
        while (fairQueue.TryDequeue(ServiceClass.Suspect, out _, out var serviceClass))
        {
            served.Add(serviceClass);
        }

        Assert.Equal([ServiceClass.New, ServiceClass.Suspect, ServiceClass.Healthy, ServiceClass.Healthy, ServiceClass.Healthy], served);
    }

    [Fact]
    public void Member_MovedToABetterLane_IsServedThereOnce()
    {
        var fairQueue = new FairQueue<Site>(9);
        var site = new Site("a", 1);
        fairQueue.Enqueue(site, ServiceClass.Suspect);
        fairQueue.Enqueue(site, ServiceClass.Healthy);
        fairQueue.Enqueue(site, ServiceClass.Suspect);

        Assert.True(fairQueue.TryDequeue(ServiceClass.Suspect, out _, out var serviceClass));
        Assert.Equal(ServiceClass.Healthy, serviceClass);
        Assert.False(fairQueue.TryDequeue(ServiceClass.Suspect, out _, out _));
    }

    [Fact] // RFC 5321 §4.5.4.1: what is known of a host decides how it is served
    public void Site_Lane_FollowsWhatIsKnownOfIt()
    {
        var site = new Site("a", 20);
        var destination = new Destination("a.test") { Site = site };
        Assert.Equal(ServiceClass.Suspect, site.ServiceClass);
        site.HasNew = true;
        Assert.Equal(ServiceClass.New, site.ServiceClass);

        Attempt(SiteHealth.Neutral);
        Assert.Equal(ServiceClass.Suspect, site.ServiceClass);
        Attempt(SiteHealth.Good);
        Assert.Equal(ServiceClass.Healthy, site.ServiceClass);
        Attempt(SiteHealth.Strained);
        Assert.Equal(ServiceClass.Healthy, site.ServiceClass);
        Attempt(SiteHealth.Unreachable);
        Assert.Equal(ServiceClass.Suspect, site.ServiceClass);

        void Attempt(SiteHealth health)
        {
            destination.Append(new QueueEntry(new Relay.Queue.QueueId(1), destination, long.MaxValue));
            site.Join(destination);
            Assert.NotNull(site.Take());
            site.Finish(health, started: 0, now: 0, _ => 100);
        }
    }

    private static int TakeAll(FairQueue<Site> fairQueue)
    {
        var taken = 0;
        while (fairQueue.TryDequeue(ServiceClass.Suspect, out _, out var serviceClass))
        {
            fairQueue.Occupy(serviceClass);
            taken++;
        }

        return taken;
    }
}
