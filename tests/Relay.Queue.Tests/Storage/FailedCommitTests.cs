using System.Collections.Concurrent;

namespace Relay.Queue.Tests.Storage;

/// <summary>
/// Promise 1 behind a commit or a checkpoint that failed: nothing is promised before the log is in the database file, and what was refused
/// does not come.
/// </summary>
public sealed class FailedCommitTests : IAsyncDisposable
{
    private const int IoError = 10;
    private const string Commit = "COMMIT";
    private const string Passive = "PRAGMA wal_checkpoint(PASSIVE)";
    private const string Truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    private const string Insertion = "INSERT INTO message ";

    private readonly QueueLab _lab = new() { Options = new QueueOptions { MinFreeOctets = 0 } };
    private FaultySource? _source;

    public FailedCommitTests() => _lab.Source = file => _source = new FaultySource(file);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact] // SMTP-45, RFC 5321 §6.1: a commit that was reported as failed and is there all the same is not delivered beside the client's next copy
    public async Task Insert_CommitFailsAndIsKept_IsRefusedAndTakenBack()
    {
        var queue = await _lab.StartAsync();
        _source!.After = FaultySource.Error(IoError, Commit, times: 1);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "ann@a.test"));
        await _lab.Log.NextAsync("store-recovered");
        await Poll.UntilAsync(() => _lab.Query("SELECT COUNT(*) FROM message") == "0", Token);

        await queue.StopAsync(Token);
        await _lab.StartAsync();
        Assert.False(_lab.Pipeline.HasStarted);
    }

    [Fact] // SMTP-45: the frames of a failed commit may be whole; killed at once, the relay must not find them at its next start
    public async Task Insert_CommitFails_IsWrittenOverBeforeItIsRefused()
    {
        var queue = await _lab.StartAsync();
        var statements = Record();
        _source!.Before += FaultySource.Error(IoError, Commit, times: 1) + FaultySource.Error(IoError, Truncate);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "ann@a.test"));
        Assert.Contains(statements, text => text.StartsWith("PRAGMA synchronous=OFF", StringComparison.Ordinal));
    }

    [Fact] // SMTP-45: 250 only on a log that is known to be on the disk, back to its beginning
    public async Task Insert_AfterAFailedCommit_WaitsForACheckpointAndACommit()
    {
        var queue = await _lab.StartAsync();
        _source!.Before = FaultySource.Error(IoError, Commit, times: 1) + FaultySource.Error(IoError, Truncate);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "ann@a.test"));
        await _lab.Log.NextAsync("checkpoint-failed");
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "bob@b.test"));
        Assert.Contains("not known to be on the disk", queue.Control!.StoreTrouble, StringComparison.Ordinal);

        var statements = Record();
        await _lab.Log.NextAsync("store-recovered");
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "cid@c.test"));
        Assert.Equal("c.test", (await _lab.Pipeline.NextAsync()).Destination.Key);
        string[] expected = [Truncate, Commit, Insertion];
        var sequence = expected.Select(begin => statements.ToList().FindIndex(text => text.StartsWith(begin, StringComparison.Ordinal))).ToList();
        Assert.Equal(sequence.Order(), sequence);
        Assert.DoesNotContain(-1, sequence);
        Assert.Null(queue.Control.StoreTrouble);
    }

    [Fact] // What was delivered while the store is in doubt is noted when it is well, and not delivered again
    public async Task Settlement_CommitFails_IsWrittenAfterTheCheckpoint()
    {
        var queue = await _lab.StartAsync();
        var hold = new TaskCompletionSource();
        _lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        await _lab.EnqueueAsync(queue, "ann@a.test");
        await _lab.Pipeline.NextAsync();
        _source!.Before = FaultySource.Error(IoError, Commit, times: 1) + FaultySource.Error(IoError, Truncate, times: 2);
        hold.SetResult();
        await _lab.Log.NextAsync("store-failed");
        await _lab.Log.NextAsync("checkpoint-recovered");
        await Poll.UntilAsync(() => _lab.Query("SELECT COUNT(*) FROM message") == "0", Token);

        await queue.StopAsync(Token);
        Assert.False(_lab.Pipeline.HasStarted);
    }

    [Fact] // The log grows while it cannot go into the file: said once, mail goes on, up to a bound, and again by itself
    public async Task Checkpoint_FailsForLong_IsLoggedAndBoundsTheLog()
    {
        var queue = await _lab.StartAsync();
        _lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, _lab.Clock, token);
        _source!.Before = FaultySource.Error(IoError, Passive) + FaultySource.Error(IoError, Truncate);
        Assert.Equal(EnqueueResult.Stored, await EnqueueMegabytesAsync(queue, 40));
        var line = await _lab.Log.NextAsync("checkpoint-failed");
        Assert.Equal("store-error", line["Reason"]);
        Assert.InRange((long)line["Octets"]!, 32_000_000, 40_000_000);
        Assert.StartsWith("checkpoints fail: SQLite Error 10", queue.Control!.StoreTrouble, StringComparison.Ordinal);

        Assert.Equal(EnqueueResult.StoreUnavailable, await EnqueueMegabytesAsync(queue, 200));
        Assert.InRange((long)(await _lab.Log.NextAsync("checkpoint-failed"))["Octets"]!, 131_000_000, 150_000_000);
        Assert.InRange(new FileInfo(Path.Combine(_lab.Directory, "queue.db-wal")).Length, 131_000_000, 150_000_000);
        Assert.Contains("no new mail is taken", queue.Control.StoreTrouble, StringComparison.Ordinal);

        _source.Before = _ => { };
        await _lab.Log.NextAsync("checkpoint-recovered");
        Assert.Equal(EnqueueResult.Stored, await EnqueueMegabytesAsync(queue, 2));
        Assert.Null(queue.Control.StoreTrouble);
    }

    [Fact] // The log must not be left to grow by what nobody but SQLite knew of
    public async Task Checkpoints_WhenNothingFails_KeepTheLogShort()
    {
        var queue = await _lab.StartAsync();
        _lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, _lab.Clock, token);
        Assert.Equal(EnqueueResult.Stored, await EnqueueMegabytesAsync(queue, 150));
        Assert.InRange(new FileInfo(Path.Combine(_lab.Directory, "queue.db-wal")).Length, 1, 67_108_864);
        Assert.Null(queue.Control!.StoreTrouble);
    }

    [Fact] // SMTP-45: what the disk is asked for with each commit
    public async Task Connection_OfTheStore_IsSynchronous()
    {
        await using var source = new Relay.Queue.Storage.Sqlite.SqliteDataSource(Path.Combine(_lab.Directory, "queue.db"));
        await using var connection = await source.OpenConnectionAsync(Token);
        await using var command = connection.CreateCommand();
        object?[] expected = [2L, "wal", 0L];
        foreach (var (setting, value) in ((string[])["synchronous", "journal_mode", "wal_autocheckpoint"]).Zip(expected))
        {
#pragma warning disable CA2100 // The names above.
            command.CommandText = $"PRAGMA {setting}";
#pragma warning restore CA2100
            Assert.Equal(value, await command.ExecuteScalarAsync(Token));
        }
    }

    private ConcurrentQueue<string> Record()
    {
        var statements = new ConcurrentQueue<string>();
        _source!.Before = statements.Enqueue;
        return statements;
    }

    private async Task<EnqueueResult> EnqueueMegabytesAsync(MailQueue queue, int count)
    {
        var content = new byte[1_000_000];
        for (var megabyte = 0; megabyte < count; megabyte++)
        {
            if (await _lab.EnqueueAsync(queue, new BytesContent(content), "ann@a.test") is not EnqueueResult.Stored and var result)
            {
                return result;
            }
        }

        return EnqueueResult.Stored;
    }
}
