using Microsoft.Data.Sqlite;

namespace Relay.Tests.Queue;

public sealed class BacklogTests
{
    private const int Messages = 100_000;

    [Fact] // Backlog: one dead destination with nine tenths of the queue delays nobody after a restart
    public async Task Start_LargeBacklogAtADeadSite_OthersAreDelivered()
    {
        await using var lab = new QueueLab();
        await (await lab.StartAsync()).StopAsync(TestContext.Current.CancellationToken);
        await lab.Log.NextAsync("queue-loaded");
        Fill(lab);
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination == "dead.test"
            ? FakePipeline.Unreachable
            : FakePipeline.Delivered;

        await lab.StartAsync();

        Assert.Equal(Messages, (await lab.Log.NextAsync("queue-loaded"))["Entries"]);
        for (var delivered = 0; delivered < Messages / 100; delivered++)
        {
            await lab.Log.NextAsync("delivered");
        }
    }

    private static void Fill(QueueLab lab)
    {
        using var connection = new SqliteConnection($"Data Source={lab.Directory}/queue.db;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO message SELECT i, 1795000000000, '', 0, 0, 0, NULL, NULL, 0, 1, x'61' FROM n;
            INSERT INTO recipient
                (message_id, seq, state, destination, received_at, attempts, next_attempt, mailbox, notify)
            SELECT id, 0, 0, CASE WHEN id % 100 = 0 THEN 'd' || (id % 7) || '.test' ELSE 'dead.test' END,
                (SELECT CAST(strftime('%s', '2026-11-22 12:00:00') AS INTEGER) * 1000), 0, 0, 'a@b.test', 0
            FROM message;
            """;
        command.ExecuteNonQuery();
    }
}
