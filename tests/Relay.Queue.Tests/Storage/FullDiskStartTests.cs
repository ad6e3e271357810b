namespace Relay.Queue.Tests.Storage;

/// <summary>A relay that finds its disk full to the last octet starts, delivers what it has, and refuses only new mail.</summary>
public sealed class FullDiskStartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_OnAFullDisk_DeliversDropsAndRefusesNewMail()
    {
        using var disk = SmallDisk.Mount(128);
        await using var lab = new QueueLab
        {
            Directory = Directory.CreateDirectory(Path.Combine(disk.Path, "data")).FullName,
            Options = new QueueOptions { MinFreeOctets = 32 * 1024 * 1024, RetrySchedule = [TimeSpan.FromHours(1)] },
        };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        for (var message = 0; message < 10; message++)
        {
            Assert.Equal(EnqueueResult.Stored, await lab.EnqueueAsync(queue, new BytesContent(new byte[100_000]), $"u{message}@d{message}.test"));
            await lab.Log.NextAsync("deferred");
        }

        await queue.StopAsync(Token);
        var first = new QueueId(long.Parse(lab.Query("SELECT MIN(id) FROM message"), System.Globalization.CultureInfo.InvariantCulture));
        disk.Fill();
        Assert.Equal(0, new DriveInfo(disk.Path).AvailableFreeSpace);

        queue = await lab.StartAsync();
        Assert.Equal(EnqueueResult.Full, await lab.EnqueueAsync(queue, "ann@new.test"));
        Assert.Equal(new Relay.Queue.Operations.QueueChange(1), await queue.Control!.DropAsync(first, "test", Token));
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
        queue.Control.Retry(null, null, "test");
        for (var message = 0; message < 9; message++)
        {
            await lab.Log.NextAsync("delivered");
        }

        await queue.StopAsync(Token);
        disk.Grow(200);
        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // The room for such a start is kept again as soon as there is some
    public async Task Reserve_WhereTheDiskHasRoom_IsMadeAgain()
    {
        await using var lab = new QueueLab();
        await (await lab.StartAsync()).StopAsync(Token);
        var file = Path.Combine(lab.Directory, "queue.reserve");
        Assert.Equal(16 * 1024 * 1024, new FileInfo(file).Length);
        File.Delete(file);
        await (await lab.StartAsync()).StopAsync(Token);
        Assert.True(File.Exists(file));
    }
}
