using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>Takes back the pieces of a message that was not accepted after all.</summary>
internal sealed class DiscardStaged(QueueId id) : WriteOperation
{
    /// <inheritdoc/>
    public override bool MustSucceed => true;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements) => statements.DiscardStaged(id.Value);
}
