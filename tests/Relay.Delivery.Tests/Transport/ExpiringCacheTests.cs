using Relay.Delivery.Transport;
using Relay.Lab;

namespace Relay.Delivery.Tests.Transport;

public class ExpiringCacheTests
{
    [Fact]
    public void Memory_LifetimeOver_ForgetsAndMayLearnAgain()
    {
        var clock = new ManualClock();
        var memory = new ExpiringCache<string, int>(10, TimeSpan.FromMinutes(1), clock);
        memory.Remember("a", 1);
        clock.Advance(TimeSpan.FromSeconds(59));
        memory.Remember("a", 2);
        clock.Advance(TimeSpan.FromSeconds(59));

        Assert.True(memory.TryRecall("a", out var value));
        Assert.Equal(2, value);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(memory.TryRecall("a", out _));
    }

    [Fact]
    public void Memory_Full_DropsTheOldest()
    {
        var memory = new ExpiringCache<int, int>(3, TimeSpan.FromMinutes(1), new ManualClock());
        for (var i = 0; i < 5; i++)
        {
            memory.Remember(i, i);
        }

        Assert.False(memory.TryRecall(1, out _));
        Assert.True(memory.TryRecall(2, out _));
        Assert.True(memory.TryRecall(4, out _));
    }
}
