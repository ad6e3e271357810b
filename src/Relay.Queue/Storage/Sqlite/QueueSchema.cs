using System.Data.Common;
using System.Globalization;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// The tables of the queue. Times are milliseconds since 1970, UTC.
/// <list type="bullet">
/// <item><c>message</c>: envelope and the first piece of the content; a piece is 256 KiB at most.</item>
/// <item><c>chunk</c>: the further pieces of big messages, numbered from 1.</item>
/// <item><c>recipient</c>: one row until the recipient is delivered or its sender told. It repeats what the index needs of the
/// message, so that a start reads this small table alone; <c>null_path</c> says that there is no sender to tell, <c>warned</c>
/// that the sender was told of the delay.</item>
/// <item><c>staged</c>: messages whose pieces are being written; those left over by a crash are cleared at the start.</item>
/// <item><c>report</c>: which messages are TLS reports of ours, and under which key each was handed in; kept for two days,
/// also after the message has gone, so that handing it in again is recognised.</item>
/// <item><c>setting</c>: the schema's version and how far queue ids are reserved.</item>
/// </list>
/// </summary>
internal static class QueueSchema
{
    /// <summary>The version this program reads and writes.</summary>
    public const long Version = 2;

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
            head {SqlDialect.OctetsType} NOT NULL);
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
        DELETE FROM chunk WHERE message_id IN (SELECT message_id FROM staged);
        DELETE FROM staged;
        """;

    /// <summary>Makes what is missing and clears what a crash left. Throws for a store of a later version.</summary>
    public static void Prepare(DbConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        using (var tables = connection.CreateCommand())
        {
            tables.Transaction = transaction;
            tables.CommandText = Tables;
            tables.ExecuteNonQuery();
        }

        var found = ReadSetting(connection, transaction, Setting.SchemaVersion);
        if (found is { } other && other != Version)
        {
            throw new InvalidOperationException(
                $"The queue store has version {other}, but this relay knows version {Version}; run the relay that wrote it again");
        }

        if (found is null)
        {
            using var insert = new PreparedStatement(
                connection, "INSERT INTO setting (name, value) VALUES (@1, @2)", 2);
            insert.Execute(transaction, Setting.SchemaVersion, Version);
            insert.Execute(transaction, Setting.ReservedIds, QueueIdSequence.First);
        }

        transaction.Commit();
    }

    /// <summary>How far ids are reserved: none from here on was ever given.</summary>
    public static long ReadReservedIds(DbConnection connection) =>
        ReadSetting(connection, transaction: null, Setting.ReservedIds) ?? QueueIdSequence.First;

    /// <summary>Failures are still to be told: those of a store that was rebuilt, of which nobody knows whether they were.</summary>
    public static bool HasUntoldFailures(DbConnection connection) =>
        ReadSetting(connection, transaction: null, Setting.UntoldFailures) == 1;

    /// <summary>Reserves a block of ids and returns its first.</summary>
    public static long ReserveIds(DbConnection connection)
    {
        var first = ReadReservedIds(connection);
        using var transaction = connection.BeginTransaction();
        using var update = new PreparedStatement(connection, "UPDATE setting SET value = @2 WHERE name = @1", 2);
        update.Execute(transaction, Setting.ReservedIds, first + QueueIdSequence.Block);
        transaction.Commit();
        return first;
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

        /// <summary>1 while the store holds failures of which their senders may not have been told: it was rebuilt from a damaged one.</summary>
        public const string UntoldFailures = "untold_failures";
    }
}
