using System.Data.Common;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// When the log goes into the database file. SQLite would see to it in a commit, but drops the error when it fails; the log then grows without
/// a word.
/// </summary>
internal sealed class CheckpointSchedule(StoreHealth health)
{
    // In pages of 16 KiB: 33 MB, as much as Queue:MinFreeOctets keeps room for.
    private const int Usual = 2_000;
    private const int Again = 200;

    // 131 MB: no new mail. Twice that: nothing at all.
    private const int Most = 8_000;

    private long _pages;
    private long _next = Usual;
    private long _written;
    private bool _isPartial;

    /// <summary>Nothing was written into the log since it was made empty.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>The writer has another connection.</summary>
    public void Disconnected() => _written = 0;

    /// <summary>The log is empty.</summary>
    public void Emptied()
    {
        (_pages, _next, _isPartial) = (0, Usual, false);
        IsEmpty = true;
        health.Checkpointed();
    }

    /// <summary>
    /// Looks at the log after a commit, and makes a checkpoint when it is due. True when that was not enough, so that it takes one to which
    /// every reader gives way.
    /// </summary>
    public bool AfterCommit(WriteStatements statements)
    {
        var written = statements.PagesWritten;
        _pages += written - _written;
        _written = written;
        IsEmpty = false;
        if (_pages < _next)
        {
            return false;
        }

        try
        {
            Take(statements.Checkpoint(SqliteLog.Passive));
        }
        catch (DbException error)
        {
            Failed(error);
        }

        return _pages > Most || health.IsInDoubt;
    }

    /// <summary>A checkpoint failed.</summary>
    public void Failed(DbException error)
    {
        _next = _pages + Again;

        // Pages that a reader's snapshot let into the file are counted as copied before they are on the disk. When their fsync fails Linux
        // takes them for clean, and the next checkpoint, which succeeds, would leave them out and the log be written over: only
        // a log recovered from its beginning copies them once more.
        var isLost = _isPartial && SqlDialect.Classify(error) != StoreFault.Full;
        health.CheckpointFailed("store-error", error.Message, Length, isInDoubt: isLost || _pages > 2 * Most);
    }

    /// <summary>A checkpoint to which every reader of this process gave way was not whole.</summary>
    public void Blocked() => health.CheckpointFailed("store-busy", "Another program reads the store", Length, isInDoubt: _pages > 2 * Most);

    private (long Octets, bool IsTooLong) Length => (_pages * SqliteDataSource.PageOctets, _pages > Most);

    private void Take(LogCheckpoint checkpoint)
    {
        _isPartial = !checkpoint.IsWhole;
        _pages = checkpoint.Pages;
        _next = _pages + Again;
        if (checkpoint.IsWhole)
        {
            // The next commit begins the log anew, unless somebody reads it.
            _pages = checkpoint.Pages > Most ? checkpoint.Pages : 0;
            _next = _pages + Usual;
            health.Checkpointed();
        }
    }
}
