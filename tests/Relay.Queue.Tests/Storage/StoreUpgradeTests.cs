namespace Relay.Queue.Tests.Storage;

/// <summary>A store that an earlier version wrote is brought up, with the mail in it; one of a later version is left alone.</summary>
public sealed class StoreUpgradeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // SMTP-45: an upgrade of the relay loses no mail
    public async Task Start_StoreOfVersionTwo_IsBroughtUpAndItsMailDelivered()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await lab.Log.NextAsync("deferred");
        await queue.StopAsync(Token);
        lab.Query("ALTER TABLE message DROP COLUMN notified");
        lab.Query("UPDATE setting SET value = 2 WHERE name = 'schema_version'");

        lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
        queue = await lab.StartAsync();
        queue.Control!.Retry(id: null, "a.test", "test");
        await lab.Log.NextAsync("delivered");
        await Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM message") == "0", Token);
        Assert.Equal("3", lab.Query("SELECT value FROM setting WHERE name = 'schema_version'"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Start_StoreOfAnotherVersion_IsRefusedAndNotTouched(int version)
    {
        await using var lab = new QueueLab();
        var queue = await lab.StartAsync();
        await queue.StopAsync(Token);
        lab.Query($"UPDATE setting SET value = {version} WHERE name = 'schema_version'");
        var before = await File.ReadAllBytesAsync(Path.Combine(lab.Directory, "queue.db"), Token);

        var refusal = await Assert.ThrowsAnyAsync<Exception>(lab.StartAsync);
        Assert.Contains($"The queue store has version {version}, but this relay knows version 3", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(lab.Directory, "queue.db"), Token));
    }
}
