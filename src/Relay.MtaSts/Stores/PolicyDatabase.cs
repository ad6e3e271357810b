using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Relay.MtaSts.Cache;
using Relay.Sqlite;

namespace Relay.MtaSts.Stores;

/// <summary>The file of policies; writes are rare: one per policy fetched.</summary>
internal sealed class PolicyDatabase(string path, TimeProvider time, ILogger<PolicyDatabase> logger) : SqliteFile(path, Schema, time)
{
    // A damaged page holds a few dozen rows; behind a gap of a billion there are none.
    private const long MostSkipped = 1L << 30;
    private const int RowsAtOnce = 1_000;

    // SQLITE_ERROR: where the list of tables is damaged, the table is missing.
    private const int NoSuchTable = 1;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS policy (
            domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
            fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, refresh_at INTEGER NOT NULL, used_at INTEGER NOT NULL);
        CREATE INDEX IF NOT EXISTS policy_refresh ON policy (refresh_at, expires_at, domain);
        CREATE TABLE IF NOT EXISTS unknown (domain TEXT PRIMARY KEY NOT NULL, since INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;

    protected override void OnSetAside(string file, string movedTo, string fault) => logger.StoreSetAside(file, movedTo, fault);

    // RFC 8461 §10.2: a policy once seen is not forgotten because another's page is damaged.
    protected override void Rescue(SqliteConnection damaged, SqliteConnection fresh)
    {
        using var transaction = fresh.BeginTransaction();
        using var insert = fresh.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText =
            """
            INSERT OR IGNORE INTO policy (domain, id, text, fetched_at, expires_at, refresh_at, used_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """;
        var (rescued, after) = (0, 0L);
        for (var skip = 1L; skip <= MostSkipped;)
        {
            // Only damage of the source is passed over: a fresh file without room would be one that forgets.
            var (rows, isDamaged) = ReadAfter(damaged, after);
            foreach (var (_, values) in rows)
            {
                insert.Parameters.Clear();
                for (var column = 0; column < values.Length; column++)
                {
                    insert.Parameters.AddWithValue($"${column + 1}", values[column]);
                }

                rescued += insert.ExecuteNonQuery();
            }

            if (rows.Count == 0 && !isDamaged)
            {
                break;
            }

            skip = rows.Count > 0 ? 1 : skip * 2;
            after = (rows.Count > 0 ? rows[^1].Row : after) + (isDamaged ? skip : 0);
        }

        transaction.Commit();
        logger.StoreRescued(rescued);
    }

    protected override bool IsEmpty(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1 FROM policy LIMIT 1";
        return command.ExecuteScalar() is null;
    }

    // Some rows, and whether reading more of them met damage.
    private static (List<(long Row, object[] Values)> Rows, bool IsDamaged) ReadAfter(SqliteConnection damaged, long after)
    {
        var rows = new List<(long, object[])>();
        try
        {
            using var command = damaged.CreateCommand();
            command.CommandText =
                """
                SELECT rowid, domain, id, text, fetched_at, expires_at, refresh_at, used_at FROM policy NOT INDEXED
                WHERE rowid > $after ORDER BY rowid LIMIT $limit
                """;
            command.Parameters.AddWithValue("$after", after);
            command.Parameters.AddWithValue("$limit", RowsAtOnce);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                var values = new object[reader.FieldCount - 1];
                for (var column = 0; column < values.Length; column++)
                {
                    values[column] = reader.GetValue(column + 1);
                }

                rows.Add((reader.GetInt64(0), values));
            }

            return (rows, false);
        }
        catch (SqliteException failure) when (IsDamage(failure) || failure.SqliteErrorCode == NoSuchTable)
        {
            return (rows, true);
        }
    }
}
