using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// SQLite's write-ahead log as its writer has to look after it (sqlite.org/wal.html). None of it is in SQL that other engines know.
/// </summary>
internal static class SqliteLog
{
    /// <summary>Copies what no reader still needs of the log as it was; waits for nobody.</summary>
    public const string Passive = "PASSIVE";

    /// <summary>Copies all of it and makes it empty; not whole while another connection reads.</summary>
    public const string Truncate = "TRUNCATE";

    /// <summary>Brings the log into the database file. Throws <see cref="DbException"/> for what SQLite keeps quiet of when it does so itself.</summary>
    public static LogCheckpoint Checkpoint(DbConnection connection, string mode)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // One of the constants above.
        command.CommandText = $"PRAGMA wal_checkpoint({mode})";
#pragma warning restore CA2100
        using var row = command.ExecuteReader();
        row.Read();
        var (isBusy, pages, copied) = (row.GetInt64(0) != 0, row.GetInt64(1), row.GetInt64(2));
        return new LogCheckpoint(!isBusy && copied == pages, pages);
    }

    /// <summary>How many pages a connection has written into the log since it was opened.</summary>
    public static long PagesWritten(DbConnection connection)
    {
        raw.sqlite3_db_status(((SqliteConnection)connection).Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 0);
        return pages;
    }

    /// <summary>Closed as the last, the connection leaves the log as it is, for the next one to recover.</summary>
    public static void KeepOnClose(DbConnection connection) =>
        _ = raw.sqlite3_db_config(((SqliteConnection)connection).Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);

    /// <summary>Breaks off what a connection does; it throws <see cref="DbException"/>.</summary>
    public static void Interrupt(DbConnection connection) => raw.sqlite3_interrupt(((SqliteConnection)connection).Handle);

    /// <summary>
    /// Writes over the frames that a failed commit has left behind the end of the log. They may be whole and have good sums, and then a start
    /// that finds no index recovers them as if they had been committed. Nothing is flushed: the disk may still refuse that, and until the log
    /// is in the database file, nothing more is promised on it.
    /// </summary>
    public static void WriteOverFailedCommit(DbConnection connection)
    {
        using var command = connection.CreateCommand();

        // A changed octet is needed: SQLite writes no page that has stayed the same. Ids may be left out.
        command.CommandText = $"""
            PRAGMA synchronous=OFF;
            UPDATE setting SET value = value + 1 WHERE name = '{QueueSchema.Setting.ReservedIds}';
            """;
        command.ExecuteNonQuery();
    }
}
