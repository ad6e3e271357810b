using System.Data.Common;
using System.Globalization;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// The tables of the queue. Times are milliseconds since 1970, UTC.
/// <list type="bullet">
/// <item><c>message</c>: envelope and the first piece of the content; a piece is 256 KiB at most. <c>notified</c> says how many
/// notifications of its failures there were.</item>
/// <item><c>chunk</c>: the further pieces of big messages, numbered from 1.</item>
/// <item><c>recipient</c>: one row until the recipient is delivered or its sender told. It repeats what the index needs of the
/// message, so that a start reads this small table alone; <c>null_path</c> says that there is no sender to tell, <c>warned</c>
/// that the sender was told of the delay. One that failed (states 1 and 2) stays until its sender is told, or, with the null path,
/// until it is too old.</item>
/// <item><c>staged</c>: messages whose pieces are being written; those left over by a crash are cleared at the start.</item>
/// <item><c>report</c>: which messages are TLS reports of ours, and under which key each was handed in; kept for two days,
/// also after the message has gone, so that handing it in again is recognised.</item>
/// <item><c>setting</c>: the schema's version and how far queue ids are reserved.</item>
/// </list>
/// </summary>
internal static class QueueSchema
{
    /// <summary>The version this program reads and writes.</summary>
    public const long Version = 3;

    private const string SinceVersionTwo = "ALTER TABLE message ADD COLUMN notified BIGINT NOT NULL DEFAULT 0";

    private const string Tables = $"""
        CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS message (
            id {SqlDialect.KeyType} PRIMARY KEY,
            received_at BIGINT NOT NULL,
            reverse_path TEXT NOT NULL,
            body BIGINT NOT NULL,
            smtp_utf8 BIGINT NOT NULL,
            ret BIGINT NOT NULL,
            envelope_id TEXT,
            auth TEXT,
            eight_bit BIGINT NOT NULL,
            octets BIGINT NOT NULL,
            head {SqlDialect.OctetsType} NOT NULL,
            notified BIGINT NOT NULL DEFAULT 0);
        CREATE TABLE IF NOT EXISTS chunk (
            message_id BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            data {SqlDialect.OctetsType} NOT NULL,
            PRIMARY KEY (message_id, seq));
        CREATE TABLE IF NOT EXISTS staged (message_id {SqlDialect.KeyType} PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS recipient (
            message_id BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            state BIGINT NOT NULL,
            destination TEXT NOT NULL,
            received_at BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            next_attempt BIGINT NOT NULL,
            mailbox TEXT NOT NULL,
            notify BIGINT NOT NULL,
            original_recipient TEXT,
            last_attempt BIGINT,
            last_status TEXT,
            last_text TEXT,
            null_path BIGINT NOT NULL DEFAULT 0,
            warned BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (message_id, seq)) {SqlDialect.Clustered};
        CREATE TABLE IF NOT EXISTS report (
            message_id {SqlDialect.KeyType} PRIMARY KEY,
            report_key TEXT NOT NULL UNIQUE,
            taken_at BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS report_taken_at ON report (taken_at);
        """;

    private const string Leftovers = """
        DELETE FROM chunk WHERE message_id IN (SELECT message_id FROM staged);
        DELETE FROM staged;
        """;

    /// <summary>
    /// Makes what is missing and clears what a crash left. A store of this version is not written to but for that, and not if the disk is
    /// full: it must open all the same. Throws for a store of another version that cannot be brought up.
    /// </summary>
    public static void Prepare(DbConnection connection)
    {
        var isNew = Count(connection, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'setting'") == 0;
        var version = isNew ? null : ReadSetting(connection, transaction: null, Setting.SchemaVersion);
        switch (version)
        {
            case Version:
                break;

            case null:
                Make(connection);
                break;

            case 2:
                Upgrade(connection);
                break;

            default:
                throw new InvalidOperationException(
                    $"The queue store has version {version}, but this relay knows version {Version}; run the relay that wrote it again");
        }

        if (Count(connection, "SELECT COUNT(*) FROM staged") > 0)
        {
            WriteIfRoom(connection, transaction => Run(connection, transaction, Leftovers));
        }
    }

    /// <summary>How far ids are reserved: none from here on was ever given.</summary>
    public static long ReadReservedIds(DbConnection connection) =>
        ReadSetting(connection, transaction: null, Setting.ReservedIds) ?? QueueIdSequence.First;

    /// <summary>
    /// Reserves a block of ids and returns its first. On a full disk nothing is reserved yet: the first message that is stored does it.
    /// </summary>
    public static long ReserveIds(DbConnection connection)
    {
        var first = ReadReservedIds(connection);
        WriteIfRoom(connection, transaction =>
        {
            using var update = new PreparedStatement(connection, "UPDATE setting SET value = @2 WHERE name = @1", 2);
            update.Execute(transaction, Setting.ReservedIds, first + QueueIdSequence.Block);
        });
        return first;
    }

    private static void Make(DbConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        Run(connection, transaction, Tables);
        using var insert = new PreparedStatement(connection, "INSERT INTO setting (name, value) VALUES (@1, @2)", 2);
        insert.Execute(transaction, Setting.SchemaVersion, Version);
        insert.Execute(transaction, Setting.ReservedIds, QueueIdSequence.First);
        transaction.Commit();
    }

    private static void Upgrade(DbConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        Run(connection, transaction, SinceVersionTwo);
        using var update = new PreparedStatement(connection, "UPDATE setting SET value = @2 WHERE name = @1", 2);
        update.Execute(transaction, Setting.SchemaVersion, Version);
        transaction.Commit();
    }

    private static void WriteIfRoom(DbConnection connection, Action<DbTransaction> write)
    {
        try
        {
            using var transaction = connection.BeginTransaction();
            write(transaction);
            transaction.Commit();
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Full)
        {
            // What is there is delivered without it.
        }
    }

    private static void Run(DbConnection connection, DbTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Constants of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static long Count(DbConnection connection, string sql)
    {
        using var statement = new PreparedStatement(connection, sql, 0);
        using var row = statement.Query();
        return row.Read() ? row.GetInt64(0) : 0;
    }

    private static long? ReadSetting(DbConnection connection, DbTransaction? transaction, string name)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT value FROM setting WHERE name = @1";
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@1";
        parameter.Value = name;
        command.Parameters.Add(parameter);
        return command.ExecuteScalar() is { } value ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Names in the table <c>setting</c>.</summary>
    internal static class Setting
    {
        public const string SchemaVersion = "schema_version";
        public const string ReservedIds = "reserved_ids";
    }
}
