using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Relay.Queue.Storage;

/// <summary>
/// Keeps room on the disk for what must still be written about the mail there is. New messages that would take it are
/// refused: a queue that has filled its disk can note no delivery, and so would never be empty again. Half of that room is for
/// notifications without content, which let go of what they are about; the other half for what was delivered.
/// </summary>
/// <param name="readDisk">How many octets the store's disk has free.</param>
/// <param name="least">How many octets are kept free; 0 for no such care.</param>
/// <param name="logger">Hears when the room ends and when it is back.</param>
internal sealed class QueueSpace(Func<long> readDisk, long least, ILogger logger)
{
    private readonly Lock _gate = new();
    private long _underWay;
    private bool _isShort;

    /// <summary>Takes room for a message until <see cref="Release"/>; false, and nothing taken, when there is none.</summary>
    public async ValueTask<bool> TryTakeAsync(QueueStore store, long octets, CancellationToken cancellationToken)
    {
        if (await FindRoomAsync(store, octets, least, cancellationToken) is not { } found)
        {
            return true;
        }

        Report(store, isShort: !found.IsEnough, found.Free);
        return found.IsEnough;
    }

    /// <summary>The same for a notification; one without content may have of what is kept free.</summary>
    public async ValueTask<bool> TryTakeForNotificationAsync(
        QueueStore store, long octets, bool hasContent, CancellationToken cancellationToken) =>
        await FindRoomAsync(store, octets, hasContent ? least : least / 2, cancellationToken) is not { IsEnough: false };

    /// <summary>The same for files beside the store, which pages that are free within it do not help.</summary>
    public bool TryTakeBeside(long octets)
    {
        var needed = least + Interlocked.Add(ref _underWay, octets);
        if (least == 0 || ReadDisk() is not { } free || free >= needed)
        {
            return true;
        }

        Release(octets);
        return false;
    }

    /// <summary>The message is written, or will not be.</summary>
    public void Release(long octets) => Interlocked.Add(ref _underWay, -octets);

    // Null where it need not or cannot be learnt; the room is taken then, and the store will say whether it can write.
    private async ValueTask<(long Free, bool IsEnough)?> FindRoomAsync(
        QueueStore store, long octets, long kept, CancellationToken cancellationToken)
    {
        var needed = kept + Interlocked.Add(ref _underWay, octets);
        if (least == 0 || ReadDisk() is not { } free)
        {
            return null;
        }

        try
        {
            if (free < needed)
            {
                // The file does not shrink: what deliveries have freed in it waits there for the next messages.
                free += await store.ReadFreeOctetsAsync(cancellationToken);
            }
        }
        catch (DbException)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            Release(octets);
            throw;
        }

        if (free < needed)
        {
            Release(octets);
        }

        return (free, free >= needed);
    }

    private long? ReadDisk()
    {
        try
        {
            return readDisk();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Report(QueueStore store, bool isShort, long free)
    {
        lock (_gate)
        {
            if (isShort == _isShort)
            {
                return;
            }

            _isShort = isShort;
            store.NoteRoom(isShort);
        }

        if (isShort)
        {
            QueueLog.DiskLow(logger, free, least, "no new mail is taken until there is more room");
        }
        else
        {
            QueueLog.DiskOk(logger, free, least);
        }
    }
}
