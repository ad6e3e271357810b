using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>Leaves of a message's content only a beginning.</summary>
internal sealed class StripContent(QueueId id, byte[] beginning) : WriteOperation
{
    /// <inheritdoc/>
    public override int Octets => beginning.Length;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        statements.Run("UPDATE message SET head = @2, octets = @3 WHERE id = @1", id.Value, beginning, (long)beginning.Length);
        statements.Run("DELETE FROM chunk WHERE message_id = @1", id.Value);
    }
}
