using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Storage;

/// <summary>Writes for somebody who waits for the answer, and gets one whatever the disk does.</summary>
internal sealed class BoundedWrites(QueueWriter writer, StoreHealth health, TimeProvider clock)
{
    // RFC 5321 §4.5.3.2.6: a client waits ten minutes after the final dot. It must hear before that what became of the message,
    // or it sends another copy of one that may have been kept.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Hands over an operation and waits for its commit, but not for ever. Out of patience, an operation not yet begun is taken back; of one
    /// in a commit <paramref name="undo"/> is written should the commit succeed after all, and of one whose commit failed in any case. Either
    /// way it is as if it had never been.
    /// </summary>
    /// <param name="operation">What to write.</param>
    /// <param name="undo">What takes it back; must be one that must succeed.</param>
    public async Task<StoreFault> WriteAsync(WriteOperation operation, Func<WriteOperation> undo)
    {
        var done = writer.SubmitAsync(operation);
        if (!await EndsInTimeAsync(done))
        {
            if (!writer.TryWithdraw(operation) && !done.IsCompleted)
            {
                health.Stalled(AnswerLimit);
            }

            _ = UndoAsync(done, undo);
            return StoreFault.Unavailable;
        }

        var fault = await done;
        if (fault == StoreFault.Unknown)
        {
            Submit(undo());
        }

        return fault;
    }

    /// <summary>Hands over an operation that must succeed and that nobody waits for.</summary>
    public void Submit(WriteOperation operation) => _ = writer.SubmitAsync(operation);

    private async Task<bool> EndsInTimeAsync(Task<StoreFault> done)
    {
        var limit = new TaskCompletionSource();
        await using var timer = clock.CreateTimer(
            static limit => ((TaskCompletionSource)limit!).TrySetResult(), limit, AnswerLimit, Timeout.InfiniteTimeSpan);
        return await Task.WhenAny(done, limit.Task) == done;
    }

    // Of one that was taken back the task never ends, and this with it: both are garbage then.
    private async Task UndoAsync(Task<StoreFault> done, Func<WriteOperation> undo)
    {
        if (await done is StoreFault.None or StoreFault.Unknown)
        {
            await writer.SubmitAsync(undo());
        }
    }
}
