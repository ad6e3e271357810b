using System.Data.Common;
using Microsoft.Data.Sqlite;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Tests;

/// <summary>
/// A store on a real file whose writes and reads meet what a test wants: an error of the engine, or no end. Writes are struck inside the
/// engine, in a trigger of the connection, so that everything above is as in the program; whole statements, COMMIT among them, before
/// or after the engine has run them.
/// </summary>
internal sealed class FaultySource(string file) : SqliteDataSource(file)
{
    /// <summary>Called at each insert of a message.</summary>
    public Action OnInsert { get; set; } = () => { };

    /// <summary>Called when a recipient is settled.</summary>
    public Action OnSettle { get; set; } = () => { };

    /// <summary>Called when a recipient stays in the queue.</summary>
    public Action OnDefer { get; set; } = () => { };

    /// <summary>Called with each statement of any connection before it runs.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>Called with each statement of any connection after its first row was reached.</summary>
    public Action<string> After { get; set; } = _ => { };

    /// <summary>The engine's error of this number.</summary>
    public static Action Error(int code) => () => throw new SqliteException($"SQLite Error {code}", code);

    /// <summary>The same, for statements that begin so.</summary>
    public static Action<string> Error(int code, string statement) => text =>
    {
        if (text.StartsWith(statement, StringComparison.Ordinal))
        {
            Error(code)();
        }
    };

    /// <summary>The same, but only so often.</summary>
    public static Action<string> Error(int code, string statement, int times) => text =>
    {
        if (text.StartsWith(statement, StringComparison.Ordinal) && Interlocked.Decrement(ref times) >= 0)
        {
            Error(code)();
        }
    };

    protected override DbConnection CreateDbConnection() => new Connection(this);

    protected override DbConnection OpenDbConnection()
    {
        var connection = (SqliteConnection)base.OpenDbConnection();
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

    private static long Run(Action action)
    {
        action();
        return 0;
    }

    private sealed class Connection(FaultySource source) : SqliteConnection(source.ConnectionString)
    {
        public override SqliteCommand CreateCommand() =>
            new Command(source) { Connection = this, Transaction = Transaction, CommandTimeout = DefaultTimeout };
    }

    // Everything that a command runs goes through its reader.
    private sealed class Command(FaultySource source) : SqliteCommand
    {
        public override SqliteDataReader ExecuteReader(System.Data.CommandBehavior behavior)
        {
            source.Before(CommandText);
            var reader = base.ExecuteReader(behavior);
            try
            {
                source.After(CommandText);
                return reader;
            }
            catch
            {
                reader.Dispose();
                throw;
            }
        }
    }
}
