using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>
/// Writes what an attempt came to. A recipient that was delivered, or whose sender is told, loses its row, and a message its
/// rows with the last of them; all others stay, with the diagnostic. Notifications are written in the same commit: at no moment
/// is there neither the recipient nor the notice about it.
/// </summary>
internal sealed class SettleAttempt(QueueId id, IReadOnlyList<RecipientSettlement> recipients) : WriteOperation
{
    /// <summary>How many attempts there were by now.</summary>
    public required int Attempts { get; init; }

    /// <summary>When the attempt ended.</summary>
    public required DateTimeOffset AttemptedAt { get; init; }

    /// <summary>When those still queued are due.</summary>
    public required DateTimeOffset NextAttempt { get; init; }

    /// <summary>What its sender is told.</summary>
    public IReadOnlyList<InsertMessage> Notifications { get; init; } = [];

    /// <inheritdoc/>
    public override bool MustSucceed => true;

    /// <inheritdoc/>
    public override int Octets => Notifications.Count == 0 ? 0 : Notifications.Sum(notification => notification.Octets);

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        var isAnyGone = false;
        foreach (var settlement in recipients)
        {
            if (settlement.State is { } kept)
            {
                statements.UpdateRecipient(
                    id.Value, (long)settlement.Seq, (long)kept, (long)Attempts, NextAttempt.ToUnixTimeMilliseconds(),
                    AttemptedAt.ToUnixTimeMilliseconds(), settlement.Status, settlement.Text, settlement.IsWarned ? 1L : 0L);
            }
            else
            {
                statements.DeleteRecipient(id.Value, (long)settlement.Seq);
                isAnyGone = true;
            }
        }

        foreach (var notification in Notifications)
        {
            notification.Execute(statements);
        }

        if (isAnyGone)
        {
            statements.DeleteMessageIfSettled(id.Value);
        }
    }
}
