using System.Data.Common;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// Commits on the writer's connection, and knows what a commit that failed leaves behind. On Linux a failed fsync marks the pages clean that it
/// could not write: the next one succeeds, and they are on no disk. So after one nothing is written, and nobody answered 250, before all
/// that was committed is in the database file.
/// </summary>
internal sealed class StoreCommits(StoreConnections connections, StoreInspection inspection, StoreHealth health)
{
    private readonly CheckpointSchedule _checkpoints = new(health);
    private WriteStatements? _statements;

    /// <summary>Commits operations together, or says what prevented it.</summary>
    public StoreFault TryCommit(IReadOnlyList<WriteOperation> group)
    {
        if (group.Count == 0)
        {
            return StoreFault.None;
        }

        if (health.IsInDoubt && !TryRenew())
        {
            return StoreFault.Unavailable;
        }

        var fault = TryOnce(group);
        if (fault == StoreFault.Damaged && (fault = TryOnce(group)) == StoreFault.Damaged)
        {
            // What reads as damage once may be a read that failed.
            inspection.Suspect();
        }

        return fault;
    }

    /// <summary>Looks after the log: between two groups, and now and then while there is none and something is wrong with it.</summary>
    public void KeepUp(bool isIdle)
    {
        var isWanted = isIdle
            ? health.NeedsRenewal || (health.IsRoomShort && !_checkpoints.IsEmpty)
            : _statements is { } statements && _checkpoints.AfterCommit(statements);
        if (isWanted || health.IsInDoubt)
        {
            TryRenew();
        }
    }

    /// <summary>Closes the writer's connection.</summary>
    public void Disconnect()
    {
        try
        {
            _statements?.Dispose();
        }
        catch (DbException error)
        {
            health.Failed(StoreFault.Operation, error);
        }

        _statements = null;
        _checkpoints.Disconnected();
    }

    private StoreFault TryOnce(IReadOnlyList<WriteOperation> group)
    {
        var isCommitting = false;
        try
        {
            health.Begins();
            var statements = _statements ??= new WriteStatements(connections.Open());
            statements.Begin();
            foreach (var operation in group)
            {
                operation.Execute(statements);
            }

            isCommitting = true;
            statements.Commit();
            health.Succeeded();
            return StoreFault.None;
        }
        catch (DbException error)
        {
            // Whatever state the connection is in, a new one knows only what is committed.
            Disconnect();
            var fault = SqlDialect.Classify(error);
            if (isCommitting && fault != StoreFault.Full)
            {
                WriteOverFailedCommit();
                fault = StoreFault.Unknown;
            }

            return health.Failed(fault, error);
        }
#pragma warning disable CA1031 // A fault of ours in one operation must end neither the writer nor, with its thread, the relay.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Disconnect();
            return health.Failed(StoreFault.Operation, error);
        }
    }

    // Before anybody hears that it failed: killed after that, the relay must not find at its next start what was refused.
    private void WriteOverFailedCommit()
    {
        try
        {
            using var connection = connections.Open();
            SqliteLog.WriteOverFailedCommit(connection);
        }
        catch (DbException)
        {
            // The disk takes nothing at all. What was refused is taken back when it does.
        }
    }

    /// <summary>
    /// Recovers the log from its beginning, as after a crash, brings it into the database file, and commits once more. With that all that
    /// was committed is on the disk, whatever the disk refused before.
    /// </summary>
    private bool TryRenew()
    {
        Disconnect();
        if (!connections.TryShutOut())
        {
            return false;
        }

        try
        {
            connections.Reopen();
            if (!SqliteLog.Checkpoint(connections.Keeper, SqliteLog.Truncate).IsWhole)
            {
                _checkpoints.Blocked();
                return false;
            }

            // The file of the log was cut, which only an fsync makes so for good: an old log found after a power loss would take pages back.
            if (TryOnce([new Renewal()]) != StoreFault.None)
            {
                return false;
            }

            health.Renewed();
            _checkpoints.Emptied();
            return true;
        }
        catch (DbException error)
        {
            _checkpoints.Failed(error);
            return false;
        }
        finally
        {
            connections.LetIn();
        }
    }
}
