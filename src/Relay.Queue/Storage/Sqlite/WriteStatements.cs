using System.Data.Common;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>The writer's connection and its prepared statements.</summary>
internal sealed class WriteStatements : IDisposable
{
    private const string Insertion = """
        INSERT INTO message (id, received_at, reverse_path, body, smtp_utf8, ret, envelope_id, auth, eight_bit, octets, head)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11)
        """;

    private readonly DbConnection _connection;
    private readonly PreparedStatement _insertMessage;
    private readonly PreparedStatement _insertOnce;
    private readonly PreparedStatement _insertRecipient;
    private readonly PreparedStatement _insertChunk;
    private readonly PreparedStatement _stage;
    private readonly PreparedStatement _unstage;
    private readonly PreparedStatement _deleteChunks;
    private readonly PreparedStatement _updateRecipient;
    private readonly PreparedStatement _deleteRecipient;
    private readonly PreparedStatement _deleteFailed;
    private readonly PreparedStatement _deleteMessage;
    private readonly PreparedStatement _updateSetting;
    private readonly PreparedStatement _insertReport;
    private readonly PreparedStatement _deleteReports;
    private DbTransaction? _transaction;
    private long _reservedIds;
    private long _committedReservedIds;

    /// <summary>Takes over an open connection.</summary>
    public WriteStatements(DbConnection connection)
    {
        _connection = connection;
        _committedReservedIds = QueueSchema.ReadReservedIds(connection);
        _insertMessage = new(connection, Insertion, 11);
        _insertOnce = new(connection, $"{Insertion} ON CONFLICT (id) DO NOTHING", 11);
        _insertRecipient = new(
            connection,
            """
            INSERT INTO recipient
            (message_id, seq, state, destination, received_at, attempts, next_attempt, mailbox, notify, original_recipient,
            null_path)
            VALUES (@1, @2, 0, @3, @4, 0, @4, @5, @6, @7, @8)
            """,
            8);
        _insertChunk = new(connection, "INSERT INTO chunk (message_id, seq, data) VALUES (@1, @2, @3)", 3);
        _stage = new(connection, "INSERT INTO staged (message_id) VALUES (@1)", 1);
        _unstage = new(connection, "DELETE FROM staged WHERE message_id = @1", 1);
        _deleteChunks = new(connection, "DELETE FROM chunk WHERE message_id = @1", 1);
        _updateRecipient = new(
            connection,
            """
            UPDATE recipient SET state = CASE WHEN state = 3 AND @3 = 0 THEN 3 ELSE @3 END, attempts = @4, next_attempt = @5,
            last_attempt = @6, last_status = @7, last_text = @8, warned = @9
            WHERE message_id = @1 AND seq = @2
            """,
            9);
        _deleteRecipient = new(connection, "DELETE FROM recipient WHERE message_id = @1 AND seq = @2", 2);
        _deleteFailed = new(connection, "DELETE FROM recipient WHERE message_id = @1 AND seq = @2 AND state IN (1, 2)", 2);
        _deleteMessage = new(
            connection,
            "DELETE FROM message WHERE id = @1 AND NOT EXISTS (SELECT 1 FROM recipient WHERE message_id = @1)",
            1);
        _updateSetting = new(connection, "UPDATE setting SET value = @2 WHERE name = @1", 2);
        _insertReport = new(
            connection,
            "INSERT INTO report (message_id, report_key, taken_at) VALUES (@1, @2, @3) ON CONFLICT (report_key) DO NOTHING",
            3);
        _deleteReports = new(
            connection,
            "DELETE FROM report WHERE taken_at < @1 AND NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)",
            1);
    }

    private DbTransaction Transaction =>
        _transaction ?? throw new InvalidOperationException("No transaction was begun");

    /// <summary>How many pages of the log this connection has written.</summary>
    public long PagesWritten => SqliteLog.PagesWritten(_connection);

    /// <summary>Brings the log into the database file.</summary>
    public LogCheckpoint Checkpoint(string mode) => SqliteLog.Checkpoint(_connection, mode);

    /// <summary>Begins a group.</summary>
    public void Begin()
    {
        _transaction = _connection.BeginTransaction();
        _reservedIds = _committedReservedIds;
    }

    /// <summary>Ends a group: on return it is on stable storage.</summary>
    public void Commit()
    {
        Transaction.Commit();
        _committedReservedIds = _reservedIds;
        EndTransaction();
    }

    /// <summary>Id, received, reverse-path, body, SMTPUTF8, RET, ENVID, AUTH, 8-bit, octets, head.</summary>
    /// <returns>False when it was there already, which only throws where it must not be.</returns>
    public bool TryInsertMessage(bool mayRepeat, params ReadOnlySpan<object?> values) =>
        (mayRepeat ? _insertOnce : _insertMessage).Execute(Transaction, values) > 0;

    /// <summary>Message, number, destination, received, mailbox, NOTIFY, ORCPT, null reverse-path.</summary>
    public void InsertRecipient(params ReadOnlySpan<object?> values) => _insertRecipient.Execute(Transaction, values);

    /// <summary>Message, number, octets.</summary>
    public void InsertChunk(params ReadOnlySpan<object?> values) => _insertChunk.Execute(Transaction, values);

    /// <summary>Notes that pieces of a message come before the message.</summary>
    public void Stage(long id) => _stage.Execute(Transaction, id);

    /// <summary>The message has come.</summary>
    public void Unstage(long id) => _unstage.Execute(Transaction, id);

    /// <summary>The message will not come.</summary>
    public void DiscardStaged(long id)
    {
        _deleteChunks.Execute(Transaction, id);
        _unstage.Execute(Transaction, id);
    }

    /// <summary>Message, number, state, attempts, next attempt, last attempt, status, text, warned.</summary>
    public void UpdateRecipient(params ReadOnlySpan<object?> values) => _updateRecipient.Execute(Transaction, values);

    /// <summary>Runs a statement too rare to be kept prepared, and says how many rows it changed.</summary>
    /// <param name="sql">A constant.</param>
    /// <param name="values">Its parameters.</param>
    public int Run(string sql, params ReadOnlySpan<object?> values)
    {
        using var statement = new PreparedStatement(_connection, sql, values.Length);
        return statement.Execute(Transaction, values);
    }

    /// <summary>Message, number.</summary>
    public void DeleteRecipient(params ReadOnlySpan<object?> values) => _deleteRecipient.Execute(Transaction, values);

    /// <summary>Deletes a recipient that failed; false when there is none.</summary>
    public bool TryDeleteFailed(long id, long seq) => _deleteFailed.Execute(Transaction, id, seq) > 0;

    /// <summary>Deletes a message that has no recipients left.</summary>
    public void DeleteMessageIfSettled(long id)
    {
        if (_deleteMessage.Execute(Transaction, id) > 0)
        {
            _deleteChunks.Execute(Transaction, id);
        }
    }

    /// <summary>Notes that a message is a report; false when one with this key was noted before.</summary>
    public bool TryInsertReport(long id, string key, long takenAt) => _insertReport.Execute(Transaction, id, key, takenAt) > 0;

    /// <summary>Forgets the reports taken before a time, but for those still queued.</summary>
    public void ForgetReports(long before) => _deleteReports.Execute(Transaction, before);

    /// <summary>Keeps the reservation ahead of an id that is being stored, by half a block at least.</summary>
    public void ReserveIds(long id)
    {
        if (id + (QueueIdSequence.Block / 2) < _reservedIds)
        {
            return;
        }

        _reservedIds = id + QueueIdSequence.Block;
        _updateSetting.Execute(Transaction, QueueSchema.Setting.ReservedIds, _reservedIds);
    }

    /// <summary>Reserves one id more.</summary>
    public void SkipId() => _updateSetting.Execute(Transaction, QueueSchema.Setting.ReservedIds, ++_reservedIds);

    /// <inheritdoc/>
    public void Dispose()
    {
        EndTransaction();
        _insertMessage.Dispose();
        _insertOnce.Dispose();
        _insertRecipient.Dispose();
        _insertChunk.Dispose();
        _stage.Dispose();
        _unstage.Dispose();
        _deleteChunks.Dispose();
        _updateRecipient.Dispose();
        _deleteRecipient.Dispose();
        _deleteFailed.Dispose();
        _deleteMessage.Dispose();
        _updateSetting.Dispose();
        _insertReport.Dispose();
        _deleteReports.Dispose();
        _connection.Dispose();
    }

    private void EndTransaction()
    {
        _transaction?.Dispose();
        _transaction = null;
    }
}
