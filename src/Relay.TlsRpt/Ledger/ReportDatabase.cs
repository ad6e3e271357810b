using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Relay.Sqlite;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// The file of counts, reports and their destinations. RFC 8460 §8: nothing in it tells of messages, senders or recipients, only hosts,
/// addresses of hosts and results.
/// </summary>
internal sealed class ReportDatabase(string path, TimeProvider time, ILogger<ReportDatabase> logger)
    : SqliteFile(path, Schema, time)
{
    // Days are yyyy-MM-dd, times milliseconds of Unix, and a policy stands once however many days it is reported on.
    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS policy (
            digest BLOB PRIMARY KEY NOT NULL, type TEXT NOT NULL, lines TEXT NOT NULL, mx TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS tally (
            day TEXT NOT NULL, domain TEXT NOT NULL, policy BLOB NOT NULL, ok INTEGER NOT NULL, failed INTEGER NOT NULL,
            PRIMARY KEY (day, domain, policy)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS failure (
            day TEXT NOT NULL, domain TEXT NOT NULL, policy BLOB NOT NULL, type TEXT NOT NULL, sending TEXT NOT NULL,
            receiving TEXT NOT NULL, mx TEXT NOT NULL, helo TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (day, domain, policy, type, sending, receiving, mx, helo, reason)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS report (
            day TEXT NOT NULL, domain TEXT NOT NULL, state TEXT NOT NULL, next_at INTEGER, since INTEGER,
            id TEXT, contact TEXT, gzip BLOB, summary TEXT, detail TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (day, domain)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS report_due ON report (next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX IF NOT EXISTS report_id ON report (id) WHERE id IS NOT NULL;
        CREATE TABLE IF NOT EXISTS outbox (
            day TEXT NOT NULL, domain TEXT NOT NULL, rua TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
            next_at INTEGER, expires_at INTEGER NOT NULL, detail TEXT NOT NULL,
            PRIMARY KEY (day, domain, rua)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS outbox_due ON outbox (next_at) WHERE next_at IS NOT NULL;
        CREATE TABLE IF NOT EXISTS mailed (
            day TEXT NOT NULL, mailbox TEXT NOT NULL, domain TEXT NOT NULL, PRIMARY KEY (day, mailbox, domain)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS suppression (
            mailbox TEXT PRIMARY KEY NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;

    private static readonly string[] Tables = ["policy", "tally", "failure", "report", "outbox", "mailed", "suppression"];

    // SQLITE_ERROR: where the list of tables is damaged, the table is missing.
    private const int NoSuchTable = 1;

    protected override void OnSetAside(string file, string movedTo, string fault) =>
        logger.StoreSetAside(file, movedTo, fault);

    // What was counted is not counted again, and a copy that was accepted must not go out twice: from each end of each table to the damage.
    protected override void Rescue(SqliteConnection damaged, SqliteConnection fresh)
    {
        using var transaction = fresh.BeginTransaction();
        var rescued = 0;
        foreach (var table in Tables)
        {
            var key = KeyOf(fresh, table);
            if (!TryCopy(damaged, fresh, (table, string.Join(", ", key)), ref rescued))
            {
                TryCopy(damaged, fresh, (table, string.Join(", ", key.Select(column => $"{column} DESC"))), ref rescued);
            }
        }

        transaction.Commit();
        logger.StoreRescued(rescued);
    }

    private static List<string> KeyOf(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM pragma_table_info($table) WHERE pk > 0 ORDER BY pk";
        command.Parameters.AddWithValue("$table", table);
        using var reader = command.ExecuteReader();
        var key = new List<string>();
        while (reader.Read())
        {
            key.Add(reader.GetString(0));
        }

        return key;
    }

    // False when it met damage. Only that of the source is passed over: a fresh file without room would be one that forgets.
    private static bool TryCopy(SqliteConnection damaged, SqliteConnection fresh, (string Table, string Order) from, ref int rescued)
    {
        using var select = damaged.CreateCommand();
#pragma warning disable CA2100 // Names of this schema.
        select.CommandText = $"SELECT * FROM {from.Table} NOT INDEXED ORDER BY {from.Order}";
#pragma warning restore CA2100
        SqliteDataReader? reader = null;
        try
        {
            bool? isRow;
            while ((isRow = Next(select, ref reader)) == true)
            {
                var values = new (string, object)[reader!.FieldCount];
                for (var column = 0; column < values.Length; column++)
                {
                    values[column] = ($"${column}", reader.GetValue(column));
                }

                rescued += fresh.Execute(
                    $"INSERT OR IGNORE INTO {from.Table} VALUES ({string.Join(", ", values.Select(value => value.Item1))})", values);
            }

            return isRow == false;
        }
        finally
        {
            reader?.Dispose();
        }
    }

    // Null for damage.
    private static bool? Next(SqliteCommand select, ref SqliteDataReader? reader)
    {
        try
        {
            reader ??= select.ExecuteReader();
            return reader.Read();
        }
        catch (SqliteException failure) when (IsDamage(failure) || failure.SqliteErrorCode == NoSuchTable)
        {
            return null;
        }
    }
}
