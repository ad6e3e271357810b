using System.Data.Common;
using System.Globalization;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Recovery;

/// <summary>The store that a recovery fills, and what is made of the pieces once all are there.</summary>
internal sealed class RebuiltStore : IDisposable
{
    private const int RowsInACommit = 1_000;

    // How far ids jump when the word of how far they were given is lost too.
    private const long UnknownIds = 10 * QueueIdSequence.Block;

    private readonly SqliteDataSource _source;
    private readonly DbConnection _connection;
    private readonly Dictionary<(RowKind, int), PreparedStatement> _inserts = [];
    private readonly Dictionary<RowKind, string[]> _columns = [];
    private DbTransaction _transaction;
    private int _rows;
    private long _highestId;
    private long? _reservedIds;

    /// <summary>Opens a store, or makes an empty one.</summary>
    public RebuiltStore(string file)
    {
        _source = new SqliteDataSource(file);
        _connection = _source.OpenConnection();
        QueueSchema.Prepare(_connection);
        _transaction = _connection.BeginTransaction();
    }

    /// <summary>The pages at which the tables begin; another store of this version has the same.</summary>
    public IReadOnlyList<uint> Roots => [.. Read(
        "SELECT rootpage FROM sqlite_schema WHERE name IN ('message', 'chunk', 'recipient', 'report', 'setting')", row => (uint)row.GetInt64(0))];

    /// <summary>Puts a row in; one that does not fit is left out.</summary>
    /// <param name="kind">Its table.</param>
    /// <param name="row">The row.</param>
    /// <param name="isCertain">It is known not to be the rest of a deleted one.</param>
    public void Add(RowKind kind, in PageRows.Row row, bool isCertain)
    {
        var values = (object?[])row.Values.Clone();
        var isHeld = false;
        switch (kind)
        {
            case RowKind.Setting:
                _reservedIds = (string)values[0]! == QueueSchema.Setting.ReservedIds ? (long)values[1]! : _reservedIds;
                return;

            case RowKind.Message or RowKind.Report:
                values[0] = row.RowId;
                break;

            case RowKind.Recipient when !isCertain && (long)values[2]! == (long)RecipientState.Queued:
                (values[2], values[12]) = ((long)RecipientState.Held, "recover: may have been delivered before the damage");
                isHeld = true;
                break;
        }

        if (values[0] is not (long id and > 0 and < (1L << 60)))
        {
            return;
        }

        try
        {
            var isNew = InsertFor(kind, values.Length).Execute(_transaction, values) > 0;
            Uncertain += isNew && isHeld ? 1 : 0;
            _highestId = Math.Max(_highestId, id);
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Operation)
        {
            return;
        }

        if (++_rows % RowsInACommit == 0)
        {
            Commit();
        }
    }

    /// <summary>Recipients held because they may be old.</summary>
    public long Uncertain { get; private set; }

    /// <summary>
    /// Holds what cannot be delivered whole, gives messages without recipients to <paramref name="export"/>, and sees that no id comes twice.
    /// </summary>
    public QueueRecoveryReport Complete(string damagedFile, Action<QueueId, IEnumerable<byte[]>> export)
    {
        var withoutContent = Hold(
            "message_id NOT IN (SELECT id FROM message)", "recover: the content was lost");
        var incomplete = Hold(
            """
            message_id IN (SELECT id FROM message WHERE octets <> length(head) +
                COALESCE((SELECT SUM(length(data)) FROM chunk WHERE chunk.message_id = id), 0))
            """,
            "recover: a part of the content was lost");
        var withoutRecipients = Read(
            "SELECT id FROM message WHERE id NOT IN (SELECT message_id FROM recipient)", row => new QueueId(row.GetInt64(0)));
        foreach (var id in withoutRecipients)
        {
            export(id, PiecesOf(id));
        }

        Run("DELETE FROM message WHERE id NOT IN (SELECT message_id FROM recipient)");
        Run("DELETE FROM chunk WHERE message_id NOT IN (SELECT id FROM message)");
        var reserved = Math.Max(_reservedIds ?? (_highestId + UnknownIds), _highestId + QueueIdSequence.Block);
        Run(string.Create(
            CultureInfo.InvariantCulture,
            $"UPDATE setting SET value = {Math.Max(reserved, QueueIdSequence.First)} WHERE name = '{QueueSchema.Setting.ReservedIds}'"));
        Commit();
        return Report(damagedFile) with
        {
            Incomplete = incomplete,
            WithoutContent = withoutContent,
            WithoutRecipients = withoutRecipients,
            Uncertain = Uncertain,
        };
    }

    /// <summary>What is in it.</summary>
    public QueueRecoveryReport Report(string damagedFile) => new()
    {
        Messages = Read("SELECT COUNT(*) FROM message", row => row.GetInt64(0))[0],
        Recipients = Read("SELECT COUNT(*) FROM recipient", row => row.GetInt64(0))[0],
        DamagedFile = damagedFile,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _transaction.Dispose();
        foreach (var insert in _inserts.Values)
        {
            insert.Dispose();
        }

        _connection.Dispose();
        _source.Dispose();
    }

    private List<QueueId> Hold(string which, string text)
    {
        var held = Read($"SELECT DISTINCT message_id FROM recipient WHERE {which}", row => new QueueId(row.GetInt64(0)));
        Run($"UPDATE recipient SET state = 3, last_text = '{text}' WHERE {which}");
        return held;
    }

    private List<byte[]> PiecesOf(QueueId id) => Read(
        string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT 0 AS part, head FROM message WHERE id = {id.Value} UNION ALL SELECT seq, data FROM chunk WHERE message_id = {id.Value} ORDER BY part"),
        row => row.GetFieldValue<byte[]>(1));

    private PreparedStatement InsertFor(RowKind kind, int columns)
    {
        if (!_inserts.TryGetValue((kind, columns), out var insert))
        {
            var table = kind.ToString().ToLowerInvariant();
            if (!_columns.TryGetValue(kind, out var names))
            {
                names = [.. Read($"SELECT name FROM pragma_table_info('{table}') ORDER BY cid", row => row.GetString(0))];
                _columns.Add(kind, names);
            }

            columns = Math.Min(columns, names.Length);
            insert = new PreparedStatement(
                _connection,
                $"""
                INSERT OR IGNORE INTO {table} ({string.Join(", ", names.Take(columns))})
                VALUES ({string.Join(", ", Enumerable.Range(1, columns).Select(number => $"@{number}"))})
                """,
                columns);
            _inserts.Add((kind, columns), insert);
        }

        return insert;
    }

    private void Run(string sql)
    {
        using var statement = new PreparedStatement(_connection, sql, 0);
        statement.Execute(_transaction);
    }

    private List<T> Read<T>(string sql, Func<DbDataReader, T> read)
    {
        var found = new List<T>();
        using var statement = new PreparedStatement(_connection, sql, 0);
        using var row = statement.Query(_transaction);
        while (row.Read())
        {
            found.Add(read(row));
        }

        return found;
    }

    private void Commit()
    {
        _transaction.Commit();
        _transaction.Dispose();

        // Nobody else does, and the log would grow as large as the store.
        SqliteLog.Checkpoint(_connection, SqliteLog.Truncate);
        _transaction = _connection.BeginTransaction();
    }
}
