using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;

namespace Relay.LoadTest.Backlog;

/// <summary>Fills a queue's store by the relay's own statements, in large transactions.</summary>
internal static class BacklogStore
{
    private const int Group = 5_000;
    private static readonly TimeSpan WaveDelay = TimeSpan.FromSeconds(60);

    /// <summary>Makes the store and queues the messages of a plan.</summary>
    /// <param name="dataDirectory">The relay's data directory.</param>
    /// <param name="plan">How many, and of which kind.</param>
    /// <param name="mail">The messages.</param>
    /// <returns>The size of the database in octets.</returns>
    public static long Fill(string dataDirectory, BacklogPlan plan, BacklogMail mail)
    {
        using var directory = QueueDirectory.Open(dataDirectory);
        using var source = new SqliteDataSource(directory.QueueFile);
        using (var connection = source.OpenConnection())
        {
            QueueSchema.Prepare(connection);
        }

        using (var statements = new WriteStatements(source.OpenConnection()))
        {
            for (var first = 0; first < plan.Queued; first += Group)
            {
                statements.Begin();
                for (var number = first; number < Math.Min(first + Group, plan.Queued); number++)
                {
                    mail.Make(number).Execute(statements);
                }

                statements.Commit();
                statements.Checkpoint(SqliteLog.Passive);
            }
        }

        if (plan.Kind == BacklogKind.Wave)
        {
            Postpone(source);
        }

        return new FileInfo(directory.QueueFile).Length;
    }

    private static void Postpone(SqliteDataSource source)
    {
        using var connection = source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        using var update = new PreparedStatement(
            connection, "UPDATE recipient SET attempts = 3, next_attempt = @1 WHERE destination = @2", 2);
        update.Execute(
            transaction, (TimeProvider.System.GetUtcNow() + WaveDelay).ToUnixTimeMilliseconds(), BacklogInternet.Dead);
        transaction.Commit();
    }
}
