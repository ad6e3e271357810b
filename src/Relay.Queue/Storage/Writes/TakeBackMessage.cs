using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>
/// Removes a message that was committed after its client had been told that it was not: the client comes again with it, and the
/// recipients must not get two.
/// </summary>
internal sealed class TakeBackMessage(QueueId id) : WriteOperation
{
    /// <inheritdoc/>
    public override bool MustSucceed => true;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        statements.Run("DELETE FROM recipient WHERE message_id = @1", id.Value);
        statements.Run("DELETE FROM report WHERE message_id = @1", id.Value);
        statements.DeleteMessageIfSettled(id.Value);
    }
}
