using System.Collections.Concurrent;
using System.Data.Common;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>The connections to the store: one that is always open, and those that read. The writer has its own.</summary>
internal sealed class StoreConnections : IDisposable
{
    // Reads are short and mostly served by the system's cache; each connection has a cache of its own to pay for.
    private const int MaxReaders = 4;
    private const int MaxLooks = 8;

    // A look at a long queue may take seconds; what waits for it is tried again.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly DbDataSource _source;
    private readonly SemaphoreSlim _readerSlots = new(MaxReaders);
    private readonly SemaphoreSlim _lookSlots = new(MaxLooks);
    private readonly ConcurrentBag<StoreReader> _idle = [];

    // Open as long as the store is, so that the index of the write-ahead log outlives the writer's connection. Were a failed commit
    // followed by the close of the last connection, the next one would recover the log with that commit's frames: the system
    // has marked their pages clean, no later fsync writes them, and whatever is appended behind such a hole is lost with the power.
    private DbConnection? _keeper;

    /// <summary>Opens the first connection. Throws <see cref="DbException"/> when that fails.</summary>
    public StoreConnections(DbDataSource source)
    {
        _source = source;
        _keeper = source.OpenConnection();
    }

    /// <summary>The connection that is always open.</summary>
    public DbConnection Keeper => _keeper ?? throw new InvalidOperationException("The store is not open");

    /// <summary>Another connection, its holder's own.</summary>
    public DbConnection Open() => _source.OpenConnection();

    /// <summary>Reads a little.</summary>
    /// <param name="read">Reads.</param>
    /// <param name="isAfresh">On a connection that has seen nothing yet.</param>
    /// <param name="cancellationToken">Gives up waiting for a connection.</param>
    public async Task<T> ReadAsync<T>(Func<StoreReader, T> read, bool isAfresh, CancellationToken cancellationToken)
    {
        await _readerSlots.WaitAsync(cancellationToken);
        StoreReader? reader = null;
        try
        {
            if (isAfresh || !_idle.TryTake(out reader))
            {
                reader = new StoreReader(Open());
            }

            var found = read(reader);
            _idle.Add(reader);
            return found;
        }
        catch (DbException)
        {
            reader?.Dispose();
            throw;
        }
        finally
        {
            _readerSlots.Release();
        }
    }

    /// <summary>
    /// Looks at the queue on a connection of its own, so that a look at a long queue keeps no delivery from its message.
    /// </summary>
    public async Task<T> LookAsync<T>(Func<DbConnection, T> look, CancellationToken cancellationToken)
    {
        await _lookSlots.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () =>
                {
                    using var connection = Open();
                    return look(connection);
                },
                cancellationToken);
        }
        finally
        {
            _lookSlots.Release();
        }
    }

    /// <summary>Waits until nobody reads, and lets nobody begin; false, and nobody is kept out, when that takes too long.</summary>
    public bool TryShutOut()
    {
        if (!TryTakeAll(_readerSlots, MaxReaders))
        {
            return false;
        }

        if (!TryTakeAll(_lookSlots, MaxLooks))
        {
            _readerSlots.Release(MaxReaders);
            return false;
        }

        return true;
    }

    /// <summary>Lets readers in again.</summary>
    public void LetIn()
    {
        _readerSlots.Release(MaxReaders);
        _lookSlots.Release(MaxLooks);
    }

    /// <summary>
    /// Closes every connection, leaving the log as it is, and opens the store as after a crash: from the log's beginning. Readers are shut
    /// out, and the writer has none.
    /// </summary>
    public void Reopen()
    {
        Close(keepsLog: true);
        _keeper = _source.OpenConnection();
    }

    /// <summary>Closes every connection.</summary>
    /// <param name="keepsLog">Not even now the log goes into the database file: it must be recovered from its beginning.</param>
    public void Close(bool keepsLog)
    {
        while (_idle.TryTake(out var reader))
        {
            reader.Dispose();
        }

        if (_keeper is { } keeper && keepsLog)
        {
            SqliteLog.KeepOnClose(keeper);
        }

        _keeper?.Dispose();
        _keeper = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close(keepsLog: false);
        _source.Dispose();
        _readerSlots.Dispose();
        _lookSlots.Dispose();
    }

    private static bool TryTakeAll(SemaphoreSlim slots, int count)
    {
        for (var taken = 0; taken < count; taken++)
        {
            if (!slots.Wait(Patience))
            {
                if (taken > 0)
                {
                    slots.Release(taken);
                }

                return false;
            }
        }

        return true;
    }
}
