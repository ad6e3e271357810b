using Relay.Smtp;

namespace Relay.Queue;

/// <summary>The queue as reception sees it.</summary>
public interface IMailQueue
{
    /// <summary>The id of the next message; never given twice, also across restarts.</summary>
    QueueId NextId();

    /// <summary>
    /// Commits a message and hands it to delivery. Takes over <paramref name="content"/> whatever the result.
    /// </summary>
    /// <param name="envelope">Its envelope.</param>
    /// <param name="content">The message with its trace fields.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may or may not have been kept.</param>
    ValueTask<EnqueueResult> EnqueueAsync(
        QueuedEnvelope envelope, MessageContent content, CancellationToken cancellationToken);
}
