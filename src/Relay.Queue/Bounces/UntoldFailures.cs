using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Queue.Storage;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>
/// Tells the senders of the failures that a rebuilt store holds, for nobody knows whether they were told. Runs once, behind everything
/// else; broken off, it goes on at the next start with what is left.
/// </summary>
internal sealed class UntoldFailures(QueueStore store, Notifier notifier, Action<PreparedNotification> deliver, ILogger logger)
{
    /// <summary>Goes through them all.</summary>
    public async Task RunAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var last = default(QueueId);
            while (await store.ReadFailedIdsAsync(last, cancellationToken) is { Count: > 0 } ids)
            {
                foreach (var id in ids)
                {
                    await TellAsync(id, now, cancellationToken);
                    last = id;
                }
            }

            await store.ForgetUntoldFailuresAsync();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The rest is told after the next start.
        }
        catch (DbException fault)
        {
            QueueLog.OperationRefused(logger, fault.Message);
        }
    }

    private async Task TellAsync(QueueId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await store.ReadFailedAsync(id, cancellationToken) is not { Message: { IsReport: false, Mail.ReversePath.IsNull: false } } failed)
        {
            return;
        }

        var message = failed.Message;
        var told = message.Recipients.Zip(failed.Diagnostics)
            .Where(pair => NotificationRules.IsDue(pair.First.Envelope.Notify, DsnNotify.Failure))
            .Select(pair => NotifiedRecipient.FromStore(pair.First.Envelope, pair.Second.Status, pair.Second.Text))
            .ToList();
        var prepared = new List<PreparedNotification>();
        if (told.Count > 0)
        {
            var notice = new Notice(NotificationKind.Failed, id, message.Mail, told)
            {
                ReceivedAt = message.ReceivedAt,
                AttemptedAt = failed.AttemptedAt,
            };
            using var content = new StoredContent(store, id, message);
            foreach (var portion in notice.Portions())
            {
                prepared.Add(await notifier.PrepareAsync(portion, content, store.NextId(), cancellationToken));
            }
        }

        var settled = message.Recipients.Select(
            recipient => new RecipientSettlement(recipient.Seq, State: null, string.Empty, string.Empty)).ToList();
        var write = new SettleAttempt(id, settled)
        {
            Attempts = 0,
            AttemptedAt = now,
            NextAttempt = now,
            Notifications = [.. prepared.Select(notification => notification.Insert)],
        };
        if (await store.SettleAsync(write).WaitAsync(cancellationToken) == StoreFault.None)
        {
            prepared.ForEach(deliver);
        }
    }
}
