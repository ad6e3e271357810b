using Microsoft.Data.Sqlite;

namespace Relay.Queue.Tests.Storage;

/// <summary>Promise 1 while the store fails: what was not kept is refused, what was kept is delivered, and all by itself again.</summary>
public sealed class FailingStoreTests : IAsyncDisposable
{
    private const int ReadOnly = 8;
    private const int IoError = 10;
    private const int Full = 13;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly QueueLab _lab = new();
    private FaultySource? _source;

    public FailingStoreTests() => _lab.Source = file => _source = new FaultySource(file);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Theory]
    [InlineData(ReadOnly, nameof(EnqueueResult.StoreUnavailable), "store-error")]
    [InlineData(IoError, nameof(EnqueueResult.StoreUnavailable), "store-error")]
    [InlineData(Full, nameof(EnqueueResult.Full), "disk-full")]
    public async Task Insert_StoreFails_IsRefusedAndServiceResumes(int error, string result, string reason)
    {
        var queue = await _lab.StartAsync();
        _source!.OnInsert = FaultySource.Error(error);
        Assert.Equal(result, $"{await _lab.EnqueueAsync(queue, "ann@a.test")}");
        Assert.Equal(reason, (await _lab.Log.NextAsync("store-failed"))["Reason"]);

        _source.OnInsert = () => { };
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "bob@b.test"));
        await _lab.Log.NextAsync("store-recovered");
        Assert.Equal("b.test", (await _lab.Pipeline.NextAsync()).Destination.Key);
        await queue.StopAsync(Token);
        Assert.False(_lab.Pipeline.HasStarted);
    }

    [Fact] // SMTP-45: the log's index outlives the writer's connection, or what follows a failed commit stands behind a hole in the log
    public async Task Commit_Fails_KeepsTheLogAndItsIndex()
    {
        var queue = await _lab.StartAsync();
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "ann@a.test"));
        var log = new FileInfo(Path.Combine(_lab.Directory, "queue.db-wal"));
        var length = log.Length;
        _source!.OnInsert = FaultySource.Error(IoError);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "bob@b.test"));

        log.Refresh();
        Assert.True(log.Exists && log.Length >= length, "the last connection was closed: the log was recovered or removed");
        Assert.True(File.Exists(Path.Combine(_lab.Directory, "queue.db-shm")));
    }

    [Fact] // What was delivered while the store cannot be written is not delivered again as long as the relay lives
    public async Task Settlement_StoreFails_IsWrittenLaterAndNothingIsDeliveredTwice()
    {
        var queue = await _lab.StartAsync();
        var tries = 0;
        var tried = new TaskCompletionSource();
        _source!.OnSettle = () =>
        {
            if (Interlocked.Increment(ref tries) == 3)
            {
                tried.SetResult();
            }

            FaultySource.Error(IoError)();
        };
        await _lab.EnqueueAsync(queue, "ann@a.test", "bob@a.test");
        await _lab.Pipeline.NextAsync();
        await tried.Task.WaitAsync(Token);
        _lab.Clock.Advance(TimeSpan.FromHours(5));
        Assert.False(_lab.Pipeline.HasStarted);

        _source.OnSettle = () => { };
        await _lab.Log.NextAsync("store-recovered");
        await queue.StopAsync(Token);
        Assert.Equal("0", _lab.Query("SELECT COUNT(*) FROM message"));
        Assert.False(_lab.Pipeline.HasStarted);
    }

    [Fact] // What one settlement finds no room for must not keep another from making room
    public async Task Settlement_OnAFullDisk_DoesNotKeepADeletionFromBeingTried()
    {
        var queue = await _lab.StartAsync();
        var hold = new TaskCompletionSource();
        _lab.Pipeline.Before = (attempt, token) => attempt.Destination.Key == "b.test" ? hold.Task.WaitAsync(token) : Task.CompletedTask;
        _lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "b.test" ? FakePipeline.Delivered : FakePipeline.Deferred;
        _source!.OnDefer = FaultySource.Error(Full);
        await _lab.EnqueueAsync(queue, "bob@b.test");
        await _lab.EnqueueAsync(queue, "ann@a.test");
        await _lab.Log.NextAsync("store-failed");
        hold.SetResult();
        await _lab.Log.NextAsync("store-recovered");

        Assert.Equal("a.test", _lab.Query("SELECT destination FROM recipient"));
    }

    [Fact] // Memory: what waits for the store keeps its slot, so that no more is begun than could be lost
    public async Task Settlements_ThatCannotBeWritten_StopFurtherDeliveries()
    {
        _lab.MaxConcurrency = 4;
        var queue = await _lab.StartAsync();
        var hold = new TaskCompletionSource();
        _lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        for (var number = 0; number < 40; number++)
        {
            Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, $"u@d{number}.test"));
        }

        _source!.OnSettle = FaultySource.Error(IoError);
        hold.SetResult();
        await _lab.Log.NextAsync("store-failed");
        _lab.Clock.Advance(TimeSpan.FromHours(3));
        var begun = 0;
        while (_lab.Pipeline.HasStarted)
        {
            await _lab.Pipeline.NextAsync();
            begun++;
        }

        Assert.InRange(begun, 1, 4);
        _source.OnSettle = () => { };
        for (; begun < 40; begun++)
        {
            await _lab.Pipeline.NextAsync();
        }

        await queue.StopAsync(Token);
        Assert.False(_lab.Pipeline.HasStarted);
        Assert.Equal("0", _lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // RFC 5321 §4.5.3.2.6: the client hears in time; what it was told not to be kept is not delivered beside its second copy
    public async Task Insert_StoreDoesNotEnd_IsRefusedInTimeAndTakenBack()
    {
        var queue = await _lab.StartAsync();
        using var entered = new SemaphoreSlim(0);
        using var end = new ManualResetEventSlim();
        _source!.OnInsert = () =>
        {
            entered.Release();
            end.Wait(Token);
        };
        var inCommit = _lab.EnqueueAsync(queue, "ann@a.test");
        await entered.WaitAsync(Token);
        var waiting = _lab.EnqueueAsync(queue, "bob@b.test");
        await _lab.Clock.TimersScheduledAsync(2, Token);
        _lab.Clock.Advance(Patience);
        Assert.Equal(EnqueueResult.StoreUnavailable, await inCommit);
        Assert.Equal(EnqueueResult.StoreUnavailable, await waiting);
        Assert.Equal("store-slow", (await _lab.Log.NextAsync("store-failed"))["Reason"]);

        // Others need not wait to hear the same.
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "cid@c.test"));

        _source.OnInsert = () => { };
        end.Set();
        await _lab.Log.NextAsync("store-recovered");
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "dan@d.test"));
        Assert.Equal("d.test", (await _lab.Pipeline.NextAsync()).Destination.Key);
        await Poll.UntilAsync(
            () => _lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM recipient)") == "0|0", Token);

        await queue.StopAsync(Token);
        Assert.False(_lab.Pipeline.HasStarted);
    }

    [Fact] // SMTP-45: refused for want of an end, its commit then fails, and is on the disk all the same
    public async Task Insert_StoreDoesNotEndAndThenFails_IsTakenBack()
    {
        var queue = await _lab.StartAsync();
        using var entered = new SemaphoreSlim(0);
        using var end = new ManualResetEventSlim();
        _source!.OnInsert = () =>
        {
            _source.OnInsert = () => { };
            entered.Release();
            end.Wait(Token);
        };
        var inCommit = _lab.EnqueueAsync(queue, "ann@a.test");
        await entered.WaitAsync(Token);
        await _lab.Clock.TimersScheduledAsync(1, Token);
        _lab.Clock.Advance(Patience);
        Assert.Equal(EnqueueResult.StoreUnavailable, await inCommit);

        _source.After = FaultySource.Error(10, "COMMIT", times: 1);
        end.Set();
        await _lab.Log.NextAsync("store-recovered");
        await Poll.UntilAsync(
            () => _lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM recipient)") == "0|0", Token);
        await queue.StopAsync(Token);
        Assert.False(_lab.Pipeline.HasStarted);
    }

    [Fact] // Another process (the sqlite3 tool) holds the store: everybody gets an answer, and then mail again
    public async Task Insert_StoreLockedByAnother_EverybodyIsAnswered()
    {
        var queue = await _lab.StartAsync();
        await using var other = new SqliteConnection($"Data Source={_lab.Directory}/queue.db;Pooling=False");
        await other.OpenAsync(Token);
        await using (await other.BeginTransactionAsync(Token))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(number => _lab.EnqueueAsync(queue, $"u{number}@a.test")));
            Assert.All(answers, answer => Assert.Equal(EnqueueResult.StoreUnavailable, answer));
        }

        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "bob@b.test"));
        await _lab.Log.NextAsync("store-recovered");
    }

    [Fact] // The end is bounded; what could not be written is delivered once more after the restart, never not at all
    public async Task Stop_StoreFails_EndsAndTheNextStartDelivers()
    {
        var queue = await _lab.StartAsync();
        _source!.OnSettle = FaultySource.Error(IoError);
        await _lab.EnqueueAsync(queue, "ann@a.test");
        await _lab.Log.NextAsync("store-failed");
        using var impatience = new CancellationTokenSource();
        var stopping = queue.StopAsync(impatience.Token);
        await impatience.CancelAsync();
        await stopping;
        await _lab.Pipeline.NextAsync();

        await _lab.StartAsync();
        await _lab.Log.NextAsync("delivered");
    }
}
