namespace Relay.Queue.Storage;

/// <summary>
/// Writes what an attempt came to. A recipient that was delivered loses its row, and a message its rows with the last
/// of them; all others stay, with the diagnostic.
/// </summary>
internal sealed class SettleAttempt(QueueId id, IReadOnlyList<RecipientSettlement> recipients) : WriteOperation
{
    /// <summary>How many attempts there were by now.</summary>
    public required int Attempts { get; init; }

    /// <summary>When the attempt ended.</summary>
    public required DateTimeOffset AttemptedAt { get; init; }

    /// <summary>When those still queued are due.</summary>
    public required DateTimeOffset NextAttempt { get; init; }

    /// <inheritdoc/>
    public override bool MustSucceed => true;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        var isAnyGone = false;
        foreach (var (seq, state, status, text) in recipients)
        {
            if (state is { } kept)
            {
                statements.UpdateRecipient(
                    id.Value, (long)seq, (long)kept, (long)Attempts, NextAttempt.ToUnixTimeMilliseconds(),
                    AttemptedAt.ToUnixTimeMilliseconds(), status, text);
            }
            else
            {
                statements.DeleteRecipient(id.Value, (long)seq);
                isAnyGone = true;
            }
        }

        if (isAnyGone)
        {
            statements.DeleteMessageIfSettled(id.Value);
        }
    }
}
