using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Queue.Storage.Sqlite;
using Relay.Smtp;

namespace Relay.Queue.Storage;

/// <summary>The queue's database: one writer, a few readers.</summary>
internal sealed class QueueStore : IDisposable
{
    // Reads are short and mostly served by the system's cache; each connection has a cache of its own to pay for.
    private const int MaxReaders = 4;

    private readonly DbDataSource _source;

    // Open as long as the store is, so that the index of the write-ahead log outlives the writer's connection. Were a failed commit
    // followed by the close of the last connection, the next one would recover the log with that commit's frames: the system
    // has marked their pages clean, no later fsync writes them, and whatever is appended behind such a hole is lost with the power.
    private readonly DbConnection _keeper;
    private readonly QueueWriter _writer;
    private readonly BoundedWrites _writes;
    private readonly QueueIdSequence _ids;
    private readonly SemaphoreSlim _readerSlots = new(MaxReaders);
    private readonly ConcurrentBag<StoreReader> _readers = [];

    /// <summary>
    /// Opens the store, making what is missing. Throws <see cref="DbException"/> when it cannot be opened and
    /// <see cref="InvalidOperationException"/> when a later version wrote it.
    /// </summary>
    public QueueStore(DbDataSource source, TimeProvider clock, ILogger logger)
    {
        _source = source;
        _keeper = source.OpenConnection();
        try
        {
            QueueSchema.Prepare(_keeper);
            _ids = new QueueIdSequence(QueueSchema.ReserveIds(_keeper));
        }
        catch
        {
            _keeper.Dispose();
            throw;
        }

        _writer = new QueueWriter(source, logger);
        _writes = new BoundedWrites(_writer, clock);
    }

    /// <summary>An id that was never given, also by no earlier run.</summary>
    public QueueId NextId() => _ids.Next();

    /// <summary>
    /// Commits an accepted message. <paramref name="cancellationToken"/> only stops reading the content.
    /// </summary>
    public async Task<StoreFault> InsertAsync(
        QueuedEnvelope envelope, IReadOnlyList<string> destinations, MessageContent content,
        CancellationToken cancellationToken)
    {
        var staging = new ContentStaging(_writes, envelope.Id, content);
        var facts = await staging.RunAsync(cancellationToken);
        var fault = staging.Fault;
        if (fault == StoreFault.None)
        {
            var insert = new InsertMessage(envelope, destinations, facts);
            fault = await _writes.WriteAsync(insert, () => new TakeBackMessage(envelope.Id));
            fault = fault == StoreFault.None && insert.IsRepeated ? StoreFault.Repeated : fault;
        }

        if (fault != StoreFault.None)
        {
            staging.Discard();
        }

        return fault;
    }

    /// <summary>Commits what an attempt came to; tried until it succeeds or the store is closed.</summary>
    public Task<StoreFault> SettleAsync(SettleAttempt settlement) => _writer.SubmitAsync(settlement);

    /// <summary>Commits a change of a message that may fail, or says why not.</summary>
    public Task<StoreFault> ChangeAsync(WriteOperation change) => _writer.SubmitAsync(change);

    /// <summary>
    /// Looks at the queue on a connection of its own, so that a look at a long queue keeps no delivery from its message.
    /// </summary>
    public Task<T> BrowseAsync<T>(Func<DbConnection, T> read, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var connection = _source.OpenConnection();
            return read(connection);
        },
        cancellationToken);

    /// <summary>Reads a message for the recipients of one destination; null when it is not there.</summary>
    public Task<StoredMessage?> ReadMessageAsync(QueueId id, string destination, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadMessage(id, destination), cancellationToken);

    /// <summary>Reads a piece of a message's content; null when it is not there.</summary>
    public Task<byte[]?> ReadPieceAsync(QueueId id, int seq, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadPiece(id, seq), cancellationToken);

    /// <summary>The next messages above an id with failed recipients of which a sender is to be told; a hundred at most.</summary>
    public Task<List<QueueId>> ReadFailedIdsAsync(QueueId after, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadFailedIds(after), cancellationToken);

    /// <summary>Reads a message for its failed recipients; null when it is not there.</summary>
    public Task<FailedMessage?> ReadFailedAsync(QueueId id, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadFailed(id), cancellationToken);

    /// <summary>How many of a message's recipients are queued, and how many of them were never tried.</summary>
    public Task<(long Queued, long Untried)> CountQueuedAsync(QueueId id, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.CountQueued(id), cancellationToken);

    /// <summary>Reads a message for its queued recipients whose sender was not told of the delay; null when it is not there.</summary>
    public Task<FailedMessage?> ReadDelayedAsync(QueueId id, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadDelayed(id), cancellationToken);

    /// <summary>Commits a warning of the delay, or says why not.</summary>
    public Task<StoreFault> WarnAsync(WarnSender warning) => _writer.SubmitAsync(warning);


    /// <summary>The octets within the file that new messages can have before it grows.</summary>
    public Task<long> ReadFreeOctetsAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadFreeOctets(), cancellationToken);

    /// <summary>Every queued recipient, streamed.</summary>
    public IEnumerable<IndexRow> ReadIndex()
    {
        using var connection = _source.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT recipient.message_id, destination, received_at, attempts, next_attempt, report_key IS NOT NULL, null_path, warned
            FROM recipient LEFT JOIN report ON report.message_id = recipient.message_id
            WHERE state = 0 ORDER BY recipient.message_id, seq
            """;
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            yield return new IndexRow(
                row.GetInt64(0), row.GetString(1), row.GetInt64(2), (int)row.GetInt64(3), row.GetInt64(4),
                row.GetBoolean(5), row.GetInt64(6) != 0)
            {
                IsWarned = row.GetInt64(7) != 0,
            };
        }
    }

    /// <summary>Writes what waits and closes every connection.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }

        _readerSlots.Dispose();
        _keeper.Dispose();
        _source.Dispose();
    }

    private void NoteDamage(DbException error)
    {
        if (SqlDialect.Classify(error) == StoreFault.Damaged)
        {
            _writer.Condition.Damaged(error);
        }
    }

    private async Task<T> ReadAsync<T>(Func<StoreReader, T> read, CancellationToken cancellationToken)
    {
        await _readerSlots.WaitAsync(cancellationToken);
        StoreReader? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
            {
                reader = new StoreReader(await _source.OpenConnectionAsync(cancellationToken));
            }

            var found = read(reader);
            _readers.Add(reader);
            return found;
        }
        catch (DbException error)
        {
            reader?.Dispose();
            NoteDamage(error);
            throw;
        }
        finally
        {
            _readerSlots.Release();
        }
    }
}
