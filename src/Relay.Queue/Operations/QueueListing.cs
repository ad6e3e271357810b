using System.Data.Common;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Operations;

/// <summary>The queries of operators. Each answers a bounded page, so that no look keeps a snapshot of the store for long.</summary>
internal static class QueueListing
{
    private const int MaxRecipients = 10_000;

    private const string Columns = """
        recipient.message_id, seq, state, destination, recipient.received_at, attempts, next_attempt, mailbox, last_attempt,
        last_status, last_text, reverse_path, octets, report_key IS NOT NULL
        """;

    private const string Rows = """
        recipient LEFT JOIN message ON message.id = recipient.message_id
        LEFT JOIN report ON report.message_id = recipient.message_id
        """;

    /// <summary>Counts what there is.</summary>
    public static QueueTotals Count(DbConnection connection)
    {
        // The key begins with the message, so the rows of one come together and nothing is sorted.
        using var messages = new PreparedStatement(connection, "SELECT COUNT(*) FROM (SELECT DISTINCT message_id FROM recipient)", 0);
        using var states = new PreparedStatement(connection, "SELECT state, COUNT(*) FROM recipient GROUP BY state", 0);
        using var total = messages.Query();
        total.Read();
        long queued = 0, held = 0, failed = 0;
        using var row = states.Query();
        while (row.Read())
        {
            var count = row.GetInt64(1);
            switch ((RecipientState)row.GetInt64(0))
            {
                case RecipientState.Queued:
                    queued += count;
                    break;

                case RecipientState.Held:
                    held += count;
                    break;

                default:
                    failed += count;
                    break;
            }
        }

        return new QueueTotals(total.GetInt64(0), queued, held, failed);
    }

    /// <summary>The next recipients of a choice.</summary>
    public static IReadOnlyList<ListedRecipient> List(DbConnection connection, QueueChoice choice)
    {
        using var statement = new PreparedStatement(
            connection,
            $"""
            SELECT {Columns} FROM {Rows}
            WHERE (recipient.message_id, seq) > (@1, @2) AND (@3 = '' OR destination = @3) AND state BETWEEN @4 AND @5
            ORDER BY recipient.message_id, seq LIMIT @6
            """,
            6);
        using var row = statement.Query(
            choice.After.Message, (long)choice.After.Seq, choice.Destination ?? string.Empty, (long)choice.FirstState,
            (long)choice.LastState, (long)choice.Limit);
        return Read(row);
    }

    /// <summary>A message with its recipients; null when there is none.</summary>
    public static ListedMessage? Find(DbConnection connection, QueueId id)
    {
        using var recipients = new PreparedStatement(
            connection, $"SELECT {Columns} FROM {Rows} WHERE recipient.message_id = @1 ORDER BY seq LIMIT {MaxRecipients}", 1);
        using var message = new PreparedStatement(connection, "SELECT envelope_id, smtp_utf8, head FROM message WHERE id = @1", 1);
        using var rows = recipients.Query(id.Value);
        var found = Read(rows);
        if (found.Count == 0)
        {
            return null;
        }

        using var row = message.Query(id.Value);
        return row.Read()
            ? new ListedMessage(row.IsDBNull(0) ? null : row.GetString(0), row.GetInt64(1) != 0, row.GetFieldValue<byte[]>(2), found)
            : new ListedMessage(null, SmtpUtf8: false, default, found);
    }

    /// <summary>What is held of a message, a row for each destination.</summary>
    public static IReadOnlyList<IndexRow> FindHeld(DbConnection connection, QueueId id)
    {
        using var statement = new PreparedStatement(
            connection,
            """
            SELECT destination, MIN(received_at), MAX(attempts), MAX(next_attempt), MAX(report_key IS NOT NULL), MAX(null_path),
            MIN(warned), MIN(seq) FROM recipient LEFT JOIN report ON report.message_id = recipient.message_id
            WHERE recipient.message_id = @1 AND state = 3 GROUP BY destination
            """,
            1);
        using var row = statement.Query(id.Value);
        var found = new List<IndexRow>();
        while (row.Read())
        {
            found.Add(new IndexRow(
                id.Value, row.GetString(0), row.GetInt64(1), (int)row.GetInt64(2), row.GetInt64(3), row.GetBoolean(4), row.GetInt64(5) != 0)
            {
                IsWarned = row.GetInt64(6) != 0,
                Seq = (int)row.GetInt64(7),
            });
        }

        return found;
    }

    /// <summary>Messages with the null reverse-path of which every recipient left has failed, the oldest failure first.</summary>
    public static IReadOnlyList<UndeliverableMessage> FindUndeliverable(DbConnection connection)
    {
        using var statement = new PreparedStatement(
            connection,
            """
            SELECT message_id, MAX(COALESCE(last_attempt, 0)) AS failed_at, octets FROM recipient JOIN message ON id = message_id
            WHERE null_path = 1 GROUP BY message_id HAVING MIN(state) >= 1 AND MAX(state) <= 2 ORDER BY failed_at, message_id
            """,
            0);
        using var row = statement.Query();
        var found = new List<UndeliverableMessage>();
        while (row.Read())
        {
            found.Add(new UndeliverableMessage(
                new QueueId(row.GetInt64(0)), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)), row.GetInt64(2)));
        }

        return found;
    }

    private static List<ListedRecipient> Read(DbDataReader row)
    {
        var found = new List<ListedRecipient>();
        while (row.Read())
        {
            found.Add(new ListedRecipient
            {
                Id = new QueueId(row.GetInt64(0)),
                Seq = (int)row.GetInt64(1),
                State = (RecipientState)row.GetInt64(2),
                Destination = row.GetString(3),
                ReceivedAt = row.GetInt64(4),
                Attempts = (int)row.GetInt64(5),
                NextAttempt = row.GetInt64(6),
                Mailbox = row.GetString(7),
                LastAttempt = row.IsDBNull(8) ? null : row.GetInt64(8),
                LastStatus = row.IsDBNull(9) ? null : row.GetString(9),
                LastText = row.IsDBNull(10) ? null : row.GetString(10),
                ReversePath = row.IsDBNull(11) ? null : row.GetString(11),
                Octets = row.IsDBNull(12) ? 0 : row.GetInt64(12),
                IsReport = row.GetBoolean(13),
            });
        }

        return found;
    }
}
