namespace Relay.Queue.Tests.Storage;

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

    [Fact] // A notification takes what is free above the room that is kept; without content, half of that too; else its failure waits
    public async Task Notification_DiskShort_ComesWithoutContentOrWaits()
    {
        await using var lab = Lab(minFree: 1_000_000);
        var hold = new TaskCompletionSource();
        lab.Pipeline.Outcome = (attempt, _) => attempt.Mail.ReversePath.IsNull ? FakePipeline.Delivered : FakePipeline.Bounced;
        lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        Assert.Equal(EnqueueResult.Stored, await EnqueueAsync(lab, queue));
        Assert.Equal(EnqueueResult.Stored, await EnqueueAsync(lab, queue));
        _disk = 400_000;
        hold.SetResult();
        await lab.Log.NextAsync("notification-waits");
        await lab.Log.NextAsync("notification-waits");
        Assert.Equal("2", lab.Query("SELECT COUNT(*) FROM recipient WHERE state = 1"));
        Assert.Equal("2", lab.Query("SELECT COUNT(*) FROM message"));

        hold = new TaskCompletionSource();
        _disk = 700_000;
        await Poll.UntilAsync(
            () =>
            {
                lab.Clock.Advance(TimeSpan.FromMinutes(1));
                return lab.Query("SELECT COUNT(*) FROM message WHERE reverse_path = ''") == "2";
            },
            TestContext.Current.CancellationToken);
        Assert.Equal("2", lab.Query("SELECT COUNT(*) FROM message WHERE instr(CAST(head AS TEXT), 'short of disk space') > 0"));
    }

    [Fact] // HARD: full disk. What the log took for mail that is long delivered is given back, though nothing is written any more.
    public async Task Enqueue_DiskShortByTheLogAlone_IsStoredAgain()
    {
        await using var lab = Lab(minFree: 25_000_000);
        lab.DiskFree = () => 45_000_000 - new FileInfo(Path.Combine(lab.Directory, "queue.db-wal")).Length;
        var queue = await lab.StartAsync();
        Task<EnqueueResult> EnqueueMegabyteAsync() => lab.EnqueueAsync(queue, new BytesContent(new byte[1_000_000]), "ann@example.net");

        EnqueueResult result;
        do
        {
            result = await EnqueueMegabyteAsync();
            await (result == EnqueueResult.Stored ? lab.Log.NextAsync("delivered") : lab.Log.NextAsync("disk-low"));
        }
        while (result == EnqueueResult.Stored);

        Assert.Equal(EnqueueResult.Full, result);
        await Poll.UntilAsync(async () => await EnqueueMegabyteAsync() == EnqueueResult.Stored, TestContext.Current.CancellationToken);
    }

    [Fact] // Files beside the store need the disk itself; pages free within the store do not help them
    public void TakeBeside_DiskShort_TakesNothing()
    {
        var space = new Relay.Queue.Storage.QueueSpace(() => _disk, 1_000_000, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        _disk = 1_100_000;
        Assert.True(space.TryTakeBeside(60_000));
        Assert.False(space.TryTakeBeside(60_000));
        space.Release(60_000);
        Assert.True(space.TryTakeBeside(60_000));
    }

    private static Task<EnqueueResult> EnqueueAsync(QueueLab lab, MailQueue queue) =>
        lab.EnqueueAsync(queue, new BytesContent(new byte[100_000]), "ann@example.net");

    private QueueLab Lab(long minFree) => new()
    {
        Options = new QueueOptions { MinFreeOctets = minFree },
        DiskFree = () => _disk,
    };
}
