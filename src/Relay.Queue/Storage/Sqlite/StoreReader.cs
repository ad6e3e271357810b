using System.Data.Common;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>A connection that reads, and its prepared statements. One caller at a time.</summary>
internal sealed class StoreReader : IDisposable
{
    /// <summary>How many rows of the index are read at a time.</summary>
    public const int IndexPage = 10_000;

    private readonly DbConnection _connection;
    private readonly PreparedStatement _index;
    private readonly PreparedStatement _message;
    private readonly PreparedStatement _recipients;
    private readonly PreparedStatement _failedIds;
    private readonly PreparedStatement _failed;
    private readonly PreparedStatement _delayed;
    private readonly PreparedStatement _head;
    private readonly PreparedStatement _chunk;
    private readonly PreparedStatement _queued;
    private readonly PreparedStatement _free;

    /// <summary>Takes over an open connection.</summary>
    public StoreReader(DbConnection connection)
    {
        _connection = connection;
        _index = new(
            connection,
            $"""
            SELECT recipient.message_id, seq, destination, received_at, attempts, next_attempt, report_key IS NOT NULL, null_path, warned
            FROM recipient LEFT JOIN report ON report.message_id = recipient.message_id
            WHERE state = 0 AND (recipient.message_id, seq) > (@1, @2) ORDER BY recipient.message_id, seq LIMIT {IndexPage}
            """,
            2);
        _message = new(
            connection,
            """
            SELECT reverse_path, body, smtp_utf8, ret, envelope_id, auth, eight_bit, octets, report_key IS NOT NULL, received_at, notified
            FROM message LEFT JOIN report ON message_id = id WHERE id = @1
            """,
            1);
        _recipients = new(
            connection,
            """
            SELECT seq, mailbox, notify, original_recipient, warned FROM recipient
            WHERE message_id = @1 AND destination = @2 AND state = 0 ORDER BY seq
            """,
            2);
        _failedIds = new(
            connection,
            """
            SELECT DISTINCT message_id FROM recipient WHERE state IN (1, 2) AND null_path = 0 AND message_id > @1
            ORDER BY message_id LIMIT 100
            """,
            1);
        _failed = new(
            connection,
            """
            SELECT seq, mailbox, notify, original_recipient, warned, last_status, last_text, last_attempt FROM recipient
            WHERE message_id = @1 AND state IN (1, 2) ORDER BY seq
            """,
            1);
        _delayed = new(
            connection,
            """
            SELECT seq, mailbox, notify, original_recipient, warned, last_status, last_text, last_attempt FROM recipient
            WHERE message_id = @1 AND state = 0 AND warned = 0 ORDER BY seq
            """,
            1);
        _head = new(connection, "SELECT head FROM message WHERE id = @1", 1);
        _chunk = new(connection, "SELECT data FROM chunk WHERE message_id = @1 AND seq = @2", 2);
        _queued = new(
            connection, "SELECT COUNT(*), COALESCE(SUM(attempts = 0), 0) FROM recipient WHERE message_id = @1 AND state = 0", 1);
        _free = new(connection, SqlDialect.FreeOctets, 0);
    }

    /// <summary>The next queued recipients behind one.</summary>
    public List<IndexRow> ReadIndex(long message, int seq)
    {
        var rows = new List<IndexRow>();
        using var row = _index.Query(message, (long)seq);
        while (row.Read())
        {
            rows.Add(new IndexRow(
                row.GetInt64(0), row.GetString(2), row.GetInt64(3), (int)row.GetInt64(4), row.GetInt64(5), row.GetBoolean(6),
                row.GetInt64(7) != 0)
            {
                Seq = (int)row.GetInt64(1),
                IsWarned = row.GetInt64(8) != 0,
            });
        }

        return rows;
    }

    /// <summary>The message and its queued recipients at a destination; null when it is not there.</summary>
    public StoredMessage? ReadMessage(QueueId id, string destination) =>
        ReadMessage(id, () => ReadRecipients(id, destination));

    /// <summary>The next messages above an id that have failed recipients.</summary>
    public List<QueueId> ReadFailedIds(QueueId after)
    {
        var ids = new List<QueueId>();
        using var row = _failedIds.Query(after.Value);
        while (row.Read())
        {
            ids.Add(new QueueId(row.GetInt64(0)));
        }

        return ids;
    }

    /// <summary>The message and its failed recipients; null when it is not there.</summary>
    public FailedMessage? ReadFailed(QueueId id) => ReadDiagnosed(id, _failed);

    /// <summary>The message and its queued recipients whose sender was not told of the delay; null when it is not there.</summary>
    public FailedMessage? ReadDelayed(QueueId id) => ReadDiagnosed(id, _delayed);

    private FailedMessage? ReadDiagnosed(QueueId id, PreparedStatement statement)
    {
        var diagnostics = new List<(string Status, string Text)>();
        long? attemptedAt = null;
        var message = ReadMessage(id, () =>
        {
            var recipients = new List<StoredRecipient>();
            using var row = statement.Query(id.Value);
            while (row.Read())
            {
                recipients.Add(ReadRecipient(row));
                diagnostics.Add((TextOrNull(row, 5) ?? string.Empty, TextOrNull(row, 6) ?? string.Empty));
                attemptedAt = row.IsDBNull(7) ? attemptedAt : Math.Max(attemptedAt ?? 0, row.GetInt64(7));
            }

            return recipients;
        });
        return message is null
            ? null
            : new FailedMessage(message, diagnostics, attemptedAt is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null);
    }

    private StoredMessage? ReadMessage(QueueId id, Func<List<StoredRecipient>> recipients)
    {
        using var row = _message.Query(id.Value);
        if (!row.Read())
        {
            return null;
        }

        var reversePath = row.GetString(0);
        var mail = new MailFrom(reversePath.Length == 0 ? ReversePath.Null : new ReversePath(ReadMailbox(reversePath)))
        {
            Body = (BodyType)row.GetInt64(1),
            SmtpUtf8 = row.GetInt64(2) != 0,
            Return = (DsnReturn)row.GetInt64(3),
            EnvelopeId = TextOrNull(row, 4),
            Auth = TextOrNull(row, 5),
        };
        return new StoredMessage(
            mail, recipients(), row.GetInt64(7), row.GetInt64(6) != 0, row.GetBoolean(8),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(9)), (int)row.GetInt64(10));
    }

    /// <summary>How many of a message's recipients are queued, and how many of them were never tried.</summary>
    public (long Queued, long Untried) CountQueued(QueueId id)
    {
        using var row = _queued.Query(id.Value);
        return row.Read() ? (row.GetInt64(0), row.GetInt64(1)) : default;
    }

    /// <summary>The octets of pages that hold nothing.</summary>
    public long ReadFreeOctets()
    {
        using var row = _free.Query();
        return row.Read() ? row.GetInt64(0) : 0;
    }

    /// <summary>A piece of the content, numbered from 0; null when it is not there.</summary>
    public byte[]? ReadPiece(QueueId id, int seq)
    {
        using var row = seq == 0 ? _head.Query(id.Value) : _chunk.Query(id.Value, (long)seq);
        return row.Read() ? row.GetFieldValue<byte[]>(0) : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _index.Dispose();
        _message.Dispose();
        _recipients.Dispose();
        _failedIds.Dispose();
        _failed.Dispose();
        _delayed.Dispose();
        _head.Dispose();
        _chunk.Dispose();
        _queued.Dispose();
        _free.Dispose();
        _connection.Dispose();
    }

    private static string? TextOrNull(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    // The last @ parts them: a domain has none, a quoted local part may (RFC 5321 §4.1.2). No @ at all: <Postmaster>.
    private static Mailbox ReadMailbox(string text)
    {
        var at = text.LastIndexOf('@');
        return at < 0 ? new Mailbox(text, string.Empty) : new Mailbox(text[..at], text[(at + 1)..]);
    }

    private static StoredRecipient ReadRecipient(DbDataReader row)
    {
        var envelope = new RcptTo(ReadMailbox(row.GetString(1)))
        {
            Notify = (DsnNotify)row.GetInt64(2),
            OriginalRecipient = TextOrNull(row, 3),
        };
        return new StoredRecipient((int)row.GetInt64(0), envelope, row.GetInt64(4) != 0);
    }

    private List<StoredRecipient> ReadRecipients(QueueId id, string destination)
    {
        var recipients = new List<StoredRecipient>();
        using var row = _recipients.Query(id.Value, destination);
        while (row.Read())
        {
            recipients.Add(ReadRecipient(row));
        }

        return recipients;
    }
}
