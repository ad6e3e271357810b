using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>
/// Puts a notification in the place of the failed recipients that it is about, in one commit: at no moment is there neither. Where an
/// operator has dropped them meanwhile there is nothing to tell.
/// </summary>
/// <param name="id">The message that failed.</param>
/// <param name="recipients">The numbers of its recipients.</param>
/// <param name="notification">What its sender is told; null when nobody is.</param>
internal sealed class TellSender(QueueId id, IReadOnlyList<int> recipients, InsertMessage? notification) : WriteOperation
{
    /// <summary>Something was told. Valid once the operation is done.</summary>
    public bool IsTold { get; private set; }

    /// <inheritdoc/>
    public override int Octets => notification?.Octets ?? 0;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        var gone = recipients.Count(seq => statements.TryDeleteFailed(id.Value, (long)seq));
        IsTold = gone > 0 && notification is not null;
        if (gone == 0)
        {
            return;
        }

        notification?.Execute(statements);
        statements.Run("UPDATE message SET notified = notified + 1 WHERE id = @1", id.Value);
        statements.DeleteMessageIfSettled(id.Value);
    }
}
