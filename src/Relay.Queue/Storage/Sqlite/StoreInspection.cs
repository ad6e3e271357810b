using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// Tells damage from a read that failed: SQLite reports both as damage (SQLITE_IOERR_CORRUPTFS becomes SQLITE_CORRUPT). What fails is read
/// once more; only a look through the whole store that finds something closes the queue to new mail.
/// </summary>
internal sealed class StoreInspection(StoreConnections connections, StoreHealth health, TimeProvider clock, ILogger logger) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private Task _inspecting = Task.CompletedTask;

    /// <summary>Reads, and when the answer is damage, reads again on a connection of its own.</summary>
    /// <param name="read">Reads; is told that it is the second time.</param>
    public async Task<T> ReadAsync<T>(Func<bool, Task<T>> read)
    {
        try
        {
            return await read(false);
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Damaged)
        {
            QueueLog.ReadFailed(logger, error.Message);
        }

        try
        {
            return await read(true);
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Damaged)
        {
            Suspect();
            throw;
        }
    }

    /// <summary>Something was damaged twice in a row: has the store looked through, unless it just is or just was.</summary>
    public void Suspect()
    {
        lock (_gate)
        {
            if (_inspecting.IsCompleted)
            {
                _inspecting = InspectAsync(_end.Token);
            }
        }
    }

    /// <summary>Breaks off a look.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    // Goes on until all can be read: a disk that could not be read for a while closes the queue no longer than that.
    private async Task InspectAsync(CancellationToken cancellationToken)
    {
        try
        {
            string? fault;
            var pause = FirstPause;
            do
            {
                fault = await FindFaultAsync(cancellationToken);
                health.Inspected(fault);
                await Task.Delay(pause, clock, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            while (fault is not null);
        }
        catch (OperationCanceledException)
        {
            // The store is being closed.
        }
    }

    private async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await connections.LookAsync(
                connection =>
                {
                    using var end = cancellationToken.UnsafeRegister(static open => SqliteLog.Interrupt((DbConnection)open!), connection);
                    cancellationToken.ThrowIfCancellationRequested();
                    return QueueIntegrity.FindFault(connection);
                },
                cancellationToken);
        }
        catch (DbException error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return SqlDialect.Classify(error) == StoreFault.Damaged ? error.Message : null;
        }
    }
}
