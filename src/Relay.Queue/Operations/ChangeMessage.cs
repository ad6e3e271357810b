using System.Diagnostics;
using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Operations;

/// <summary>Does what an operator wants done to a message.</summary>
internal sealed class ChangeMessage(QueueId id, MessageChange change, DateTimeOffset now) : WriteOperation
{
    /// <summary>How many recipients it met. Valid once the operation is done.</summary>
    public int Recipients { get; private set; }

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements) => Recipients = change switch
    {
        MessageChange.Hold => statements.Run("UPDATE recipient SET state = 3 WHERE message_id = @1 AND state = 0", id.Value),
        MessageChange.Release => statements.Run(
            "UPDATE recipient SET state = 0, next_attempt = @2 WHERE message_id = @1 AND state = 3",
            id.Value, now.ToUnixTimeMilliseconds()),
        MessageChange.Drop => Drop(statements),
        _ => throw new UnreachableException(),
    };

    private int Drop(WriteStatements statements)
    {
        var recipients = statements.Run("DELETE FROM recipient WHERE message_id = @1", id.Value);
        statements.DeleteMessageIfSettled(id.Value);
        return recipients;
    }
}
