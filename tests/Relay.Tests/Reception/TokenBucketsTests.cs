using System.Net;
using Relay.Lab;
using Relay.Reception;

namespace Relay.Tests.Reception;

public sealed class TokenBucketsTests
{
    private readonly ManualClock _clock = new();

    [Fact] // HARD-15
    public void Take_MoreThanTheRate_IsRefusedUntilTokensComeAndOthersHaveTheirOwn()
    {
        var buckets = new TokenBuckets(size: 3, perMinute: 60, _clock);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(buckets.TryTake(Client(1), out _));
        }

        Assert.False(buckets.TryTake(Client(1), out var missed));
        Assert.Equal(1, missed);
        Assert.False(buckets.TryTake(Client(1), out missed));
        Assert.Equal(2, missed);
        Assert.True(buckets.TryTake(Client(2), out missed));
        Assert.Equal(0, missed);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(buckets.TryTake(Client(1), out missed));
        Assert.Equal(2, missed);
        Assert.False(buckets.TryTake(Client(1), out _));
    }

    [Fact] // HARD-15: a million remote parties cost no more memory than ten thousand
    public void Take_ByEndlessClients_StaysBoundedAndForgetsTheIdle()
    {
        var buckets = new TokenBuckets(size: 2, perMinute: 60, _clock);
        for (var i = 0; i < 30_000; i++)
        {
            buckets.TryTake(Client(i), out _);
        }

        Assert.Equal(TokenBuckets.MaxClients, buckets.Count);
        Assert.False(buckets.TryTake(Client(40_000), out _));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.True(buckets.TryTake(Client(40_000), out _));
        Assert.Equal(1, buckets.Count);
    }

    private static AddressBlock Client(int number) => AddressBlock.OfClient(new IPAddress(
        [10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]));
}
