using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;
using Relay.Smtp;

namespace Relay.Queue.Storage;

/// <summary>The queue's database: one writer, a few readers.</summary>
internal sealed class QueueStore : IDisposable
{
    private readonly StoreConnections _connections;
    private readonly StoreHealth _health;
    private readonly StoreInspection _inspection;
    private readonly QueueWriter _writer;
    private readonly BoundedWrites _writes;
    private readonly QueueIdSequence _ids;

    /// <summary>
    /// Opens the store, making what is missing. Throws <see cref="DbException"/> when it cannot be opened and
    /// <see cref="InvalidOperationException"/> when a later version wrote it.
    /// </summary>
    public QueueStore(DbDataSource source, TimeProvider clock, ILogger logger)
    {
        _connections = new StoreConnections(source);
        _health = new StoreHealth(logger);
        _inspection = new StoreInspection(_connections, _health, clock, logger);
        var isLogEmpty = true;
        try
        {
            // An earlier life may have ended while the disk failed. What was read of its log may be in the system's memory alone, and what is
            // appended to it would be lost with it.
            isLogEmpty = SqliteLog.Checkpoint(_connections.Keeper, SqliteLog.Truncate).IsWhole;
            QueueSchema.Prepare(_connections.Keeper);
            _ids = new QueueIdSequence(QueueSchema.ReserveIds(_connections.Keeper));
        }
        catch
        {
            _inspection.Dispose();
            _connections.Close(keepsLog: true);
            throw;
        }

        if (!isLogEmpty)
        {
            _health.CheckpointFailed("store-busy", "Another program reads the store", (0, IsTooLong: false), isInDoubt: true);
        }

        _writer = new QueueWriter(new StoreCommits(_connections, _inspection, _health), _health);
        _writes = new BoundedWrites(_writer, _health, clock);
    }

    /// <summary>What is wrong with the store, for operators; null when nothing is known to be.</summary>
    public string? Trouble => _health.Trouble;

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
    public Task<T> BrowseAsync<T>(Func<DbConnection, T> read, CancellationToken cancellationToken) =>
        _inspection.ReadAsync(_ => _connections.LookAsync(read, cancellationToken));

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

    /// <summary>Whether new mail is refused for want of room; while it is, the log is kept short.</summary>
    public void NoteRoom(bool isShort)
    {
        _health.IsRoomShort = isShort;
        _writer.Wake();
    }

    /// <summary>The octets within the file that new messages can have before it grows.</summary>
    public Task<long> ReadFreeOctetsAsync(CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadFreeOctets(), cancellationToken);

    /// <summary>The next queued recipients behind one; fewer than <see cref="StoreReader.IndexPage"/> are the last.</summary>
    public Task<List<IndexRow>> ReadIndexAsync(long message, int seq, CancellationToken cancellationToken) =>
        ReadAsync(reader => reader.ReadIndex(message, seq), cancellationToken);

    /// <summary>Writes what waits and closes every connection.</summary>
    public void Dispose()
    {
        _inspection.Dispose();
        _writer.Dispose();
        _connections.TryShutOut();
        _connections.Close(keepsLog: _health.NeedsRenewal);
        _connections.Dispose();
    }

    private Task<T> ReadAsync<T>(Func<StoreReader, T> read, CancellationToken cancellationToken) =>
        _inspection.ReadAsync(isAgain => _connections.ReadAsync(read, isAgain, cancellationToken));
}
