using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>
/// Writes the warning that a message is delayed, and in the same commit that its sender was warned: never twice, never not at all.
/// </summary>
internal sealed class WarnSender(QueueId id, IReadOnlyList<int> recipients, IReadOnlyList<InsertMessage> notifications) : WriteOperation
{
    /// <inheritdoc/>
    public override int Octets => notifications.Sum(notification => notification.Octets);

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        foreach (var seq in recipients)
        {
            statements.Run("UPDATE recipient SET warned = 1 WHERE message_id = @1 AND seq = @2", id.Value, (long)seq);
        }

        foreach (var notification in notifications)
        {
            notification.Execute(statements);
        }
    }
}
