namespace Relay.Queue.Tests.Storage;

/// <summary>
/// What reads as damage may be a disk that could not be read for a moment: only what is still damaged when the whole store was looked through
/// closes the queue to new mail.
/// </summary>
public sealed class FailedReadTests : IAsyncDisposable
{
    private const int Corrupt = 11;
    private const string MessageRead = "SELECT reverse_path, ";
    private const string IndexRead = "SELECT recipient.message_id, seq, ";
    private const string WholeRead = "PRAGMA quick_check";
    private const string Insertion = "INSERT INTO message ";

    private readonly QueueLab _lab = new() { Options = new QueueOptions { MinFreeOctets = 0 } };
    private FaultySource? _source;

    public FailedReadTests() => _lab.Source = file => _source = new FaultySource(file);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact] // Promise 1: one read that fails and then succeeds is a line in the log, and no more
    public async Task Read_FailsOnce_IsReadAgainAndNothingIsClosed()
    {
        var queue = await RestartAsync();
        _source!.Before = FaultySource.Error(Corrupt, MessageRead, times: 1);
        _lab.Clock.Advance(TimeSpan.FromMinutes(2));
        await _lab.Log.NextAsync("read-failed");
        Assert.Equal("a.test", (await _lab.Pipeline.NextAsync()).Destination.Key);
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "bob@b.test"));
    }

    [Fact] // A message that cannot be read waits; the store is looked through, found sound, and takes mail
    public async Task Read_FailsTwiceInASoundStore_NothingIsClosed()
    {
        var queue = await RestartAsync();
        var looked = new TaskCompletionSource();
        _source!.Before = FaultySource.Error(Corrupt, MessageRead, times: 2);
        _source.After = text =>
        {
            if (text.StartsWith(WholeRead, StringComparison.Ordinal))
            {
                looked.TrySetResult();
            }
        };
        _lab.Clock.Advance(TimeSpan.FromMinutes(2));
        await _lab.Log.NextAsync("message-unreadable");
        await looked.Task.WaitAsync(Token);
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "bob@b.test"));
        Assert.Null(queue.Control!.StoreTrouble);
        Assert.Equal("b.test", (await _lab.Pipeline.NextAsync()).Destination.Key);
        await _lab.Clock.TimerScheduledAsync(TimeSpan.FromMinutes(1), Token);
        _lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("a.test", (await _lab.Pipeline.NextAsync()).Destination.Key);
    }

    [Fact] // What a commit read in vain is read again with it
    public async Task Insert_MeetsAReadThatFailsOnce_IsStored()
    {
        var queue = await _lab.StartAsync();
        _source!.Before = FaultySource.Error(Corrupt, Insertion, times: 1);
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "ann@a.test"));
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "bob@b.test"));
    }

    [Fact] // A start is no less patient
    public async Task Start_ReadsFailOnce_TakesUpWhatIsQueued()
    {
        await StopAsync();
        _lab.Source = file => _source = new FaultySource(file)
        {
            Before = FaultySource.Error(Corrupt, WholeRead, times: 1) + FaultySource.Error(Corrupt, IndexRead, times: 1),
        };
        await _lab.StartAsync();
        Assert.Equal(1, (await _lab.Log.NextAsync("queue-loaded"))["Entries"]);
    }

    [Fact] // Nor does the index end with its first page
    public async Task Start_MoreRecipientsThanAPage_TakesUpAll()
    {
        await StopAsync();
        _lab.Query(
            """
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000)
            INSERT INTO recipient (message_id, seq, state, destination, received_at, attempts, next_attempt, mailbox, notify)
            SELECT message_id, seq + n, state, 'd' || n || '.test', received_at, attempts, next_attempt, mailbox, notify FROM recipient, number
            """);
        await _lab.StartAsync();
        Assert.Equal(20_001, (await _lab.Log.NextAsync("queue-loaded"))["Entries"]);
    }

    [Fact] // A store that is damaged takes nothing new; what it holds is delivered as far as it can be read
    public async Task Insert_MeetsDamage_NothingMoreIsTakenAndTheRemedyIsLogged()
    {
        var queue = await _lab.StartAsync();
        _lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        await _lab.EnqueueAsync(queue, "ann@a.test");
        await _lab.Log.NextAsync("deferred");
        await _lab.Clock.TimersScheduledAsync(1, Token);
        await _lab.Pipeline.NextAsync();
        _source!.Before = FaultySource.Error(Corrupt, Insertion) + FaultySource.Error(Corrupt, WholeRead);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "bob@b.test"));
        var remedy = (string)(await _lab.Log.NextAsync("store-corrupt"))["Remedy"]!;
        Assert.Matches("^Start the relay again, .* relay queue recover", remedy);

        _source.Before = FaultySource.Error(Corrupt, WholeRead);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "cid@c.test"));
        Assert.StartsWith("damaged, no new mail is taken", queue.Control!.StoreTrouble, StringComparison.Ordinal);
        _lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
        _lab.Clock.Advance(TimeSpan.FromMinutes(2));
        await _lab.Log.NextAsync("delivered");
    }

    [Fact] // What could not be read for a while and can be again is no damage, and needs nobody
    public async Task Damage_ThatIsGone_OpensTheQueueAgain()
    {
        var queue = await _lab.StartAsync();
        _source!.Before = FaultySource.Error(Corrupt, Insertion) + FaultySource.Error(Corrupt, WholeRead);
        Assert.Equal(EnqueueResult.StoreUnavailable, await _lab.EnqueueAsync(queue, "ann@a.test"));
        await _lab.Log.NextAsync("store-corrupt");

        _source.Before = _ => { };
        await _lab.Clock.TimersScheduledAsync(1, Token);
        _lab.Clock.Advance(TimeSpan.FromSeconds(10));
        await _lab.Log.NextAsync("store-recovered");
        Assert.Equal(EnqueueResult.Stored, await _lab.EnqueueAsync(queue, "bob@b.test"));
    }

    // One message that was tried once, in a store that is closed.
    private async Task StopAsync()
    {
        _lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await _lab.StartAsync();
        await _lab.EnqueueAsync(queue, "ann@a.test");
        await _lab.Pipeline.NextAsync();
        await _lab.Log.NextAsync("deferred");
        await queue.StopAsync(Token);
        _lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
    }

    // The same, taken up by another life, so that the message lies in the store alone.
    private async Task<MailQueue> RestartAsync()
    {
        await StopAsync();
        var queue = await _lab.StartAsync();
        await _lab.Log.NextAsync("queue-loaded");
        await _lab.Clock.TimersScheduledAsync(1, Token);
        return queue;
    }
}
