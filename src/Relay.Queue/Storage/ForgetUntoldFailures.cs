using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage;

/// <summary>Notes that the senders of all that the rebuilt store holds have been told.</summary>
internal sealed class ForgetUntoldFailures : WriteOperation
{
    /// <inheritdoc/>
    public override void Execute(WriteStatements statements) => statements.SetSetting(QueueSchema.Setting.UntoldFailures, 0);
}
