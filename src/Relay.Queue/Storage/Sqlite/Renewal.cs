using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>A commit that changes next to nothing, to see whether the store takes one.</summary>
internal sealed class Renewal : WriteOperation
{
    /// <inheritdoc/>
    public override void Execute(WriteStatements statements) => statements.SkipId();
}
