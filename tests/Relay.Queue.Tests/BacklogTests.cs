using Microsoft.Data.Sqlite;
using Relay.Mail;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests;

public sealed class BacklogTests
{
    private const int Messages = 100_000;
    private const int Few = 5_000;

    [Fact] // Backlog: one dead destination with nine tenths of the queue delays nobody after a restart
    public async Task Start_LargeBacklogAtADeadSite_OthersAreDelivered()
    {
        await using var lab = new QueueLab();
        await (await lab.StartAsync()).StopAsync(TestContext.Current.CancellationToken);
        await lab.Log.NextAsync("queue-loaded");
        Fill(lab);
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "dead.test"
            ? FakePipeline.Unreachable
            : FakePipeline.Delivered;

        await lab.StartAsync();

        Assert.Equal(Messages, (await lab.Log.NextAsync("queue-loaded"))["Entries"]);
        for (var delivered = 0; delivered < Messages / 100; delivered++)
        {
            await lab.Log.NextAsync("delivered");
        }
    }

    [Fact] // Backlog: retry after retry, a dead site costs one attempt and one row, not one for each message
    public async Task Retries_OfADeadSite_TouchFewRows()
    {
        await using var lab = await FilledLabAsync(_ => "dead.test");
        var attempts = 0;
        lab.Pipeline.Outcome = (_, _) =>
        {
            Interlocked.Increment(ref attempts);
            return FakePipeline.Unreachable;
        };
        var queue = await lab.StartAsync();
        for (var hour = 1; hour <= 3; hour++)
        {
            await lab.Log.NextAsync("deferred");
            await lab.Clock.TimersScheduledAsync(1, Token);
            lab.Clock.Advance(TimeSpan.FromMinutes(20));
        }

        await lab.Log.NextAsync("deferred");
        await queue.StopAsync(Token);
        Assert.InRange(attempts, 1, 40);
        Assert.InRange(int.Parse(lab.Query("SELECT COUNT(*) FROM recipient WHERE attempts > 0"), provider: null), 1, 40);
    }

    [Fact] // Backlog: the time of a whole backlog ends at once; each message gets its last attempt, other mail does not wait for it
    public async Task Expiry_OfAWholeBacklog_LeavesRoomForOthers()
    {
        await using var lab = await FilledLabAsync(_ => "dead.test");
        lab.Clock.Advance(TimeSpan.FromDays(6));
        var left = Few;
        var all = new TaskCompletionSource();
        lab.Pipeline.Outcome = (attempt, _) =>
        {
            if (attempt.Destination.Key != "dead.test")
            {
                return FakePipeline.Delivered;
            }

            Assert.True(attempt.IsFinal);
            if (Interlocked.Decrement(ref left) == 0)
            {
                all.SetResult();
            }

            return FakePipeline.Unreachable;
        };
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@live.test");
        await lab.Log.NextAsync("delivered");

        await all.Task.WaitAsync(Token);
        Assert.InRange(lab.Pipeline.MostAtOnce["dead.test"], 1, lab.MaxPerSite + 5);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A queue, not started yet, that holds messages to destinations of the test's choosing.</summary>
    private static async Task<QueueLab> FilledLabAsync(Func<int, string> destinationOf)
    {
        var lab = new QueueLab();
        using var source = new SqliteDataSource(Path.Combine(lab.Directory, "queue.db"));
        await using (var connection = await source.OpenConnectionAsync(Token))
        {
            QueueSchema.Prepare(connection);
        }

        using var statements = new WriteStatements(await source.OpenConnectionAsync(Token));
        statements.Begin();
        for (var number = 0; number < Few; number++)
        {
            var envelope = new QueuedEnvelope(
                new QueueId(QueueIdSequence.First + number), new MailFrom(ReversePath.Null),
                [new RcptTo(new Mailbox("a", destinationOf(number)))], lab.Clock.GetUtcNow());
            new InsertMessage(envelope, [destinationOf(number)], new ContentFacts(1, IsEightBit: false, [(byte)'a']))
                .Execute(statements);
        }

        statements.Commit();
        return lab;
    }

    private static void Fill(QueueLab lab)
    {
        using var connection = new SqliteConnection($"Data Source={lab.Directory}/queue.db;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO message SELECT i, 1795000000000, '', 0, 0, 0, NULL, NULL, 0, 1, x'61', 0 FROM n;
            INSERT INTO recipient
                (message_id, seq, state, destination, received_at, attempts, next_attempt, mailbox, notify)
            SELECT id, 0, 0, CASE WHEN id % 100 = 0 THEN 'd' || (id % 7) || '.test' ELSE 'dead.test' END,
                (SELECT CAST(strftime('%s', '2026-11-22 12:00:00') AS INTEGER) * 1000), 0, 0, 'a@b.test', 0
            FROM message;
            """;
        command.ExecuteNonQuery();
    }
}
