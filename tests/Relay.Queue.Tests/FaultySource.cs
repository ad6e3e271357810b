using System.Data.Common;
using Microsoft.Data.Sqlite;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Tests;

/// <summary>
/// A store on a real file whose writes meet what a test wants: an error of the engine, or no end. It strikes inside the engine, in a
/// trigger of the connection, so that everything above is as in the program.
/// </summary>
internal sealed class FaultySource(string file) : DbDataSource
{
    private readonly SqliteDataSource _source = new(file);

    /// <summary>Called at each insert of a message.</summary>
    public Action OnInsert { get; set; } = () => { };

    /// <summary>Called when a recipient is settled.</summary>
    public Action OnSettle { get; set; } = () => { };

    /// <summary>Called when a recipient stays in the queue.</summary>
    public Action OnDefer { get; set; } = () => { };

    public override string ConnectionString => _source.ConnectionString;

    /// <summary>The engine's error of this number.</summary>
    public static Action Error(int code) => () => throw new SqliteException($"SQLite Error {code}", code);

    protected override DbConnection CreateDbConnection() => _source.CreateConnection();

    protected override DbConnection OpenDbConnection()
    {
        var connection = (SqliteConnection)_source.OpenConnection();
        connection.CreateFunction("on_insert", () => Run(OnInsert));
        connection.CreateFunction("on_settle", () => Run(OnSettle));
        connection.CreateFunction("on_defer", () => Run(OnDefer));
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'recipient'";
        if ((long)command.ExecuteScalar()! > 0)
        {
            command.CommandText = """
                CREATE TEMP TRIGGER fault_insert BEFORE INSERT ON message BEGIN SELECT on_insert(); END;
                CREATE TEMP TRIGGER fault_delete BEFORE DELETE ON recipient BEGIN SELECT on_settle(); END;
                CREATE TEMP TRIGGER fault_update BEFORE UPDATE ON recipient BEGIN SELECT on_settle(), on_defer(); END;
                """;
            command.ExecuteNonQuery();
        }

        return connection;
    }

    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(OpenDbConnection());

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private static long Run(Action action)
    {
        action();
        return 0;
    }
}
