using Microsoft.Extensions.Logging;
using Relay.Queue.Storage;
using Relay.Smtp;

namespace Relay.Queue.Bounces;

/// <summary>
/// Writes notifications as well as can be: with what is to be returned of the message; where that cannot be read, or takes more room than
/// the disk has, without; and not at all where even that fails. Whatever fails here, what an attempt came to is kept all the same.
/// </summary>
internal sealed class NotificationWriter(QueueStore store, QueueSpace space, Notifier notifier, ILogger logger)
{
    /// <summary>Writes a notification and takes room for it; null when there is none, or it cannot be written.</summary>
    /// <param name="notice">What is told.</param>
    /// <param name="content">The message that it is about.</param>
    /// <param name="part">How much of it is returned.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<PreparedNotification?> TryPrepareAsync(
        Notice notice, MessageContent content, ReturnedPart part, CancellationToken cancellationToken)
    {
        var bare = ReturnedContent.Missing;
        try
        {
            var returned = await ReturnedContent.ReadAsync(content, part, cancellationToken);
            var prepared = notifier.Prepare(notice, returned, store.NextId());
            if (await space.TryTakeForNotificationAsync(store, prepared.Octets, hasContent: true, cancellationToken))
            {
                return prepared;
            }

            bare = ReturnedContent.LeftOut;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // The sender shall hear of the failure, if without the content that made the fault.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            QueueLog.NotificationFaulted(logger, fault, notice.About.ToString());
        }

        return await TryPrepareBareAsync(notice, bare, cancellationToken);
    }

    /// <summary>A notification is written, or will not be.</summary>
    public void Release(PreparedNotification notification) => space.Release(notification.Octets);

    private async ValueTask<PreparedNotification?> TryPrepareBareAsync(
        Notice notice, ReturnedContent bare, CancellationToken cancellationToken)
    {
        try
        {
            var prepared = notifier.Prepare(notice, bare, store.NextId());
            return await space.TryTakeForNotificationAsync(store, prepared.Octets, hasContent: false, cancellationToken) ? prepared : null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Nobody is told, which is less than a second copy of what was delivered.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            QueueLog.NotificationFaulted(logger, fault, notice.About.ToString());
            return null;
        }
    }
}
