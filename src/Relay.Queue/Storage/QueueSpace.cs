using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Relay.Queue.Storage;

/// <summary>
/// Keeps room on the disk for what must still be written about the mail there is. New messages that would take it are
/// refused: a queue that has filled its disk can note no delivery, and so would never be empty again.
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
        var needed = least + Interlocked.Add(ref _underWay, octets);
        if (least == 0)
        {
            return true;
        }

        try
        {
            var free = readDisk();
            if (free < needed)
            {
                // The file does not shrink: what deliveries have freed in it waits there for the next messages.
                free += await store.ReadFreeOctetsAsync(cancellationToken);
            }

            Report(isShort: free < needed, free);
            if (free < needed)
            {
                Release(octets);
                return false;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException)
        {
            // How much is free cannot be learnt; the store will say whether it can write.
        }
        catch (OperationCanceledException)
        {
            Release(octets);
            throw;
        }

        return true;
    }

    /// <summary>The message is written, or will not be.</summary>
    public void Release(long octets) => Interlocked.Add(ref _underWay, -octets);

    private void Report(bool isShort, long free)
    {
        lock (_gate)
        {
            if (isShort == _isShort)
            {
                return;
            }

            _isShort = isShort;
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
