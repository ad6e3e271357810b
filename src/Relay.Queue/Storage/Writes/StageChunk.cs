using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>Writes one piece of a big message ahead of the message itself.</summary>
internal sealed class StageChunk(QueueId id, int seq, byte[] data) : WriteOperation
{
    /// <inheritdoc/>
    public override int Octets => data.Length;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        if (seq == 1)
        {
            statements.Stage(id.Value);
        }

        statements.InsertChunk(id.Value, (long)seq, data);
    }
}
