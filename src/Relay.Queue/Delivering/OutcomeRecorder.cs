using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Queue.Bounces;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;

namespace Relay.Queue.Delivering;

/// <summary>
/// Puts what an attempt came to into words: for the store, for the log, and for the sender. A recipient whose sender is told, or
/// wants not to be, is done with; one that failed with the null reverse-path stays where operators see it, for nobody else can be
/// told.
/// </summary>
internal sealed class OutcomeRecorder(QueueOptions options, Notifier notifier, TimeProvider clock, ILogger<MailQueue> logger)
{
    /// <summary>Hears of reports that could not be delivered; null when nobody wants to.</summary>
    public IReportOutcomeListener? ReportOutcomes { get; init; }

    /// <summary>Writes what senders are told.</summary>
    public Notifier Notifier => notifier;

    /// <summary>The time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>How long before the end of its time a message's sender is warned; zero for never.</summary>
    public TimeSpan WarningLead => options.WarningLead;

    /// <summary>How long an entry may still be tried.</summary>
    public TimeSpan TimeLeft(QueueEntry entry) => clock.GetElapsedTime(clock.GetTimestamp(), entry.Expiry);

    /// <summary>How long a message is tried.</summary>
    public TimeSpan LifetimeOf(bool isReport, bool isNotification) => options.LifetimeOf(isReport, isNotification);

    /// <summary>Logs each recipient and makes what the store is to keep.</summary>
    /// <param name="queued">The attempt, all settled.</param>
    /// <param name="wait">Until the next attempt.</param>
    /// <param name="nextId">Gives queue ids.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<Settlement> SettleAsync(
        QueuedAttempt queued, TimeSpan wait, Func<QueueId> nextId, CancellationToken cancellationToken)
    {
        var attempt = queued.Attempt;
        var now = clock.GetUtcNow();
        var lifetime = options.LifetimeOf(attempt.IsTlsReport, attempt.Mail.ReversePath.IsNull);
        var age = lifetime - TimeLeft(queued.Entry);
        var log = new DeliveryLog(logger, attempt, age < TimeSpan.Zero ? TimeSpan.Zero : age);
        var isLate = options.DelayWarning > TimeSpan.Zero && age >= options.DelayWarning;
        List<(NotificationKind Kind, NotifiedRecipient Recipient)>? told = null;
        var isLast = queued.IsLast;
        var settlements = new RecipientSettlement[attempt.Recipients.Count];
        for (var index = 0; index < settlements.Length; index++)
        {
            var recipient = attempt.Recipients[index];
            var isWarned = queued.IsWarned(index);
            var settlement = Settle(queued.SeqOf(index), recipient, (attempt, isLast), log, now + wait);
            if (NotificationRules.Judge(attempt, recipient, isLast, isLate && !isWarned) is { } due)
            {
                (told ??= []).Add(due);
                isWarned = isWarned || due.Kind == NotificationKind.Delayed;
            }

            settlements[index] = settlement with { IsWarned = isWarned };
        }

        var notifications = told is null ? null : await PrepareAsync(queued, told, nextId, cancellationToken);
        var write = new SettleAttempt(queued.Entry.Id, settlements)
        {
            Attempts = queued.Entry.Attempts,
            AttemptedAt = now,
            NextAttempt = now + wait,
            Notifications = notifications is null ? [] : [.. notifications.Select(notification => notification.Insert)],
        };
        return new Settlement(write, notifications ?? []);
    }

    private async ValueTask<List<PreparedNotification>> PrepareAsync(
        QueuedAttempt queued, List<(NotificationKind Kind, NotifiedRecipient Recipient)> told, Func<QueueId> nextId,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var prepared = new List<PreparedNotification>();
        foreach (var kind in told.GroupBy(due => due.Kind, due => due.Recipient))
        {
            var notice = new Notice(kind.Key, queued.Entry.Id, queued.Attempt.Mail, [.. kind])
            {
                ReceivedAt = queued.ReceivedAt,
                AttemptedAt = now,
                RetryUntil = kind.Key == NotificationKind.Delayed ? now + TimeLeft(queued.Entry) : null,
            };
            foreach (var portion in notice.Portions())
            {
                prepared.Add(await notifier.PrepareAsync(portion, queued.Attempt.Content, nextId(), cancellationToken));
            }
        }

        return prepared;
    }

    private RecipientSettlement Settle(
        int seq, AttemptRecipient recipient, (DeliveryAttempt Attempt, bool IsLast) made, DeliveryLog log, DateTimeOffset next)
    {
        var attempt = made.Attempt;
        switch (recipient.Outcome)
        {
            case DeliveryOutcome.Delivered delivered:
                log.Delivered(recipient.Envelope, delivered);
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);

            case DeliveryOutcome.Deferred(var failure) when made.IsLast:
                log.Expired(recipient.Envelope, failure);
                return Fail(RecipientState.Expired, failure);

            case DeliveryOutcome.Deferred(var failure):
                log.Deferred(recipient.Envelope, failure, next);
                return new RecipientSettlement(seq, RecipientState.Queued, failure.Status.ToString(), TextOf(failure));

            case DeliveryOutcome.Bounced(var failure):
                log.Bounced(recipient.Envelope, failure);
                return Fail(RecipientState.Bounced, failure);

            default:
                throw new UnreachableException();
        }

        RecipientSettlement Fail(RecipientState state, DeliveryFailure failure)
        {
            if (attempt.IsTlsReport)
            {
                // RFC 8460 §5.3, RFC 5321 §4.5.5: nobody is told of a report that failed but who made it.
                ReportOutcomes?.Failed(recipient.Envelope.Mailbox.ToString(), TextOf(failure));
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);
            }

            if (!attempt.Mail.ReversePath.IsNull)
            {
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);
            }

            log.UndeliverableBounce(recipient.Envelope);
            return new RecipientSettlement(seq, state, failure.Status.ToString(), TextOf(failure));
        }
    }

    private static string TextOf(DeliveryFailure failure) => failure.Reply?.ToString() ?? failure.Text;
}
