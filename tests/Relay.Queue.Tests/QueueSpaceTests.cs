namespace Relay.Queue.Tests;

/// <summary>Room is kept on the disk, so that a queue that cannot take more can still become empty.</summary>
public sealed class QueueSpaceTests
{
    private long _disk = 1_000_000_000;

    [Fact] // HARD: full disk
    public async Task Enqueue_DiskHasLessThanIsKeptFree_IsRefusedUntilItHasMore()
    {
        await using var lab = Lab(minFree: 1_000_000);
        var queue = await lab.StartAsync();
        _disk = 1_099_999;
        Assert.Equal(EnqueueResult.Full, await EnqueueAsync(lab, queue));
        await lab.Log.NextAsync("disk-low");
        _disk = 1_100_000;
        Assert.Equal(EnqueueResult.Stored, await EnqueueAsync(lab, queue));
        await lab.Log.NextAsync("disk-ok");
        await lab.Log.NextAsync("delivered");
    }

    [Fact] // HARD: the file of the store does not shrink, so its own free pages count.
    public async Task Enqueue_DiskShortButDeliveriesFreedPagesInTheFile_IsStored()
    {
        await using var lab = Lab(minFree: 200_000);
        var hold = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        for (var message = 0; message < 5; message++)
        {
            Assert.Equal(EnqueueResult.Stored, await EnqueueAsync(lab, queue));
        }

        _disk = 0;
        Assert.Equal(EnqueueResult.Full, await EnqueueAsync(lab, queue));
        hold.SetResult();
        for (var message = 0; message < 5; message++)
        {
            await lab.Log.NextAsync("delivered");
        }

        // The deletes are committed a moment after the log's line.
        await Poll.UntilAsync(
            async () =>
            {
                var result = await EnqueueAsync(lab, queue);
                Assert.Contains(result, (EnqueueResult[])[EnqueueResult.Full, EnqueueResult.Stored]);
                return result == EnqueueResult.Stored;
            },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Enqueue_ManyAtOnce_GiveBackTheRoomTheyTook()
    {
        await using var lab = Lab(minFree: 1_000_000);
        var queue = await lab.StartAsync();
        _disk = 1_350_000;
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => EnqueueAsync(lab, queue)));
        Assert.Contains(EnqueueResult.Stored, results);
        Assert.Equal(EnqueueResult.Stored, await EnqueueAsync(lab, queue));
    }

    private static Task<EnqueueResult> EnqueueAsync(QueueLab lab, MailQueue queue) =>
        lab.EnqueueAsync(queue, new BytesContent(new byte[100_000]), "ann@example.net");

    private QueueLab Lab(long minFree) => new()
    {
        Options = new QueueOptions { MinFreeOctets = minFree },
        DiskFree = () => _disk,
    };
}
