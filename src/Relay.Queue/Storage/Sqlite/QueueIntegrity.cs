using System.Data.Common;
using Relay.Queue.Recovery;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// Looks at a queue file before it is used. Reading a store of gigabytes whole would take longer than a start may; of a large one the start
/// reads what it needs (the schema and every recipient), and damage elsewhere is met when it is read, as damage.
/// </summary>
internal static class QueueIntegrity
{
    // Read in less than a second.
    private const long WholeCheckOctets = 256 * 1024 * 1024;

    private static readonly string[] Tables = ["setting", "message", "chunk", "recipient"];

    /// <summary>What is wrong with the files as they lie there; null when nothing is seen to be.</summary>
    /// <param name="file">The database file; exists.</param>
    /// <param name="wasMade">A queue was kept in this directory before.</param>
    public static string? FindFault(string file, bool wasMade)
    {
        if (new FileInfo(file).Length == 0)
        {
            return wasMade
                ? "it is empty or was removed, though a queue was kept here (was that on purpose, remove queue.lock beside it too)"
                : null;
        }

        // SQLite takes a log that does not begin as one for an empty log, and with it loses what was committed there.
        return WriteAheadLog.HasLostCommits(file + WriteAheadLog.Suffix, SqliteDataSource.PageOctets)
            ? "its write-ahead log (-wal) does not begin as one, and what was committed there is out of reach"
            : null;
    }

    /// <summary>What is wrong with the database; null when nothing is seen to be, or what was seen is gone when looked at again.</summary>
    public static string? FindFault(DbDataSource source, long octets) =>
        Look(source, octets) is null ? null : Look(source, octets);

    /// <summary>What is wrong with the database, read whole; null when nothing is.</summary>
    public static string? FindFault(DbConnection connection)
    {
        var finding = Read(connection, "PRAGMA quick_check(1)")[0];
        return finding == "ok" ? null : finding;
    }

    private static string? Look(DbDataSource source, long octets)
    {
        try
        {
            using var connection = source.OpenConnection();
            var tables = Read(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'");
            if (tables.Count > 0 && Tables.FirstOrDefault(table => !tables.Contains(table)) is { } missing)
            {
                return $"the table {missing} is missing";
            }

            return octets <= WholeCheckOctets ? FindFault(connection) : null;
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Damaged)
        {
            return error.Message;
        }
    }

    private static List<string> Read(DbConnection connection, string sql)
    {
        var found = new List<string>();
        using var statement = new PreparedStatement(connection, sql, 0);
        using var row = statement.Query();
        while (row.Read())
        {
            found.Add(row.GetString(0));
        }

        return found;
    }
}
