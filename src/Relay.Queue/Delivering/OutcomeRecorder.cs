using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Queue.Bounces;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Delivering;

/// <summary>
/// Puts what an attempt came to into words: for the store, for the log, and for the sender. A recipient that failed stays until its
/// sender is told, unless that is not wanted; with the null reverse-path it stays where operators see it, for nobody else can be told.
/// </summary>
internal sealed class OutcomeRecorder(QueueOptions options, Notifier notifier, TimeProvider clock, ILogger<MailQueue> logger)
{
    /// <summary>Hears of reports that could not be delivered; null when nobody wants to.</summary>
    public IReportOutcomeListener? ReportOutcomes { get; init; }

    /// <summary>Writes what senders are told.</summary>
    public Notifier Notifier => notifier;

    /// <summary>How much of what nobody can be told of is kept.</summary>
    public FailedMailOptions FailedMail => options.Failed;

    /// <summary>The time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>How long before the end of its time a message's sender is warned; zero for never.</summary>
    public TimeSpan WarningLead => options.WarningLead;

    /// <summary>How long an entry may still be tried.</summary>
    public TimeSpan TimeLeft(QueueEntry entry) => clock.GetElapsedTime(clock.GetTimestamp(), entry.Expiry);

    /// <summary>How long a message is tried.</summary>
    public TimeSpan LifetimeOf(bool isReport, bool isNotification) => options.LifetimeOf(isReport, isNotification);

    /// <summary>Logs a fault of ours that met an attempt; null when it met no entry of its own.</summary>
    public void NoteFault(Exception fault, QueueEntry? entry) =>
        QueueLog.AttemptFaulted(logger, fault, entry?.Id.ToString() ?? string.Empty, entry?.Destination.Name ?? string.Empty);

    /// <summary>Logs that the store does not give a message.</summary>
    public void NoteUnreadable(QueueEntry entry, DbException error) =>
        QueueLog.MessageUnreadable(logger, entry.Id.ToString(), error.Message);

    /// <summary>Logs each recipient and makes what the store is to keep.</summary>
    /// <param name="queued">The attempt, all settled.</param>
    /// <param name="wait">Until the next attempt.</param>
    /// <param name="writer">Writes what senders are told of delays and of relaying.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<Settlement> SettleAsync(
        QueuedAttempt queued, TimeSpan wait, NotificationWriter writer, CancellationToken cancellationToken)
    {
        var attempt = queued.Attempt;
        var now = clock.GetUtcNow();
        var lifetime = options.LifetimeOf(attempt.IsTlsReport, attempt.Mail.ReversePath.IsNull);
        var age = lifetime - TimeLeft(queued.Entry);
        var log = new DeliveryLog(logger, attempt, age < TimeSpan.Zero ? TimeSpan.Zero : age);
        var isLate = options.DelayWarning > TimeSpan.Zero && age >= options.DelayWarning;
        List<NotifiedRecipient>? failures = null;
        List<(NotificationKind Kind, NotifiedRecipient Recipient)>? told = null;
        var isLast = queued.IsLast;
        var settlements = new RecipientSettlement[attempt.Recipients.Count];
        for (var index = 0; index < settlements.Length; index++)
        {
            var (seq, recipient) = (queued.SeqOf(index), attempt.Recipients[index]);
            var due = NotificationRules.Judge(attempt, recipient, isLast, isLate && !queued.IsWarned(index));
            if (due is { Kind: NotificationKind.Failed, Recipient: var failed })
            {
                (failures ??= []).Add(failed with { Seq = seq });
            }
            else if (due is { } other)
            {
                (told ??= []).Add((other.Kind, other.Recipient with { Seq = seq }));
            }

            settlements[index] = Settle(queued, index, isToldOfFailure: due is { Kind: NotificationKind.Failed }, log, now + wait) with
            {
                IsWarned = queued.IsWarned(index),
            };
        }

        var notifications = told is null ? [] : await PrepareAsync(queued, told, writer, cancellationToken);
        MarkWarned(settlements, notifications);
        var write = new SettleAttempt(queued.Entry.Id, settlements)
        {
            Attempts = queued.Entry.Attempts,
            AttemptedAt = now,
            NextAttempt = now + wait,
            Notifications = [.. notifications.Select(notification => notification.Insert)],
        };
        return new Settlement(write, notifications, failures ?? [])
        {
            IsUndeliverable = attempt.Mail.ReversePath.IsNull
                && settlements.Any(settlement => settlement.State is RecipientState.Bounced or RecipientState.Expired),
        };
    }

    // Of the delay that could not be written now the next attempt tells.
    private static void MarkWarned(RecipientSettlement[] settlements, List<PreparedNotification> notifications)
    {
        var warned = notifications.Where(notification => notification.Notice.Kind == NotificationKind.Delayed)
            .SelectMany(notification => notification.Notice.Recipients).Select(recipient => recipient.Seq).ToHashSet();
        for (var index = 0; warned.Count > 0 && index < settlements.Length; index++)
        {
            settlements[index] = settlements[index] with { IsWarned = settlements[index].IsWarned || warned.Contains(settlements[index].Seq) };
        }
    }

    private async ValueTask<List<PreparedNotification>> PrepareAsync(
        QueuedAttempt queued, List<(NotificationKind Kind, NotifiedRecipient Recipient)> told, NotificationWriter writer,
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
                // RFC 3461 §4.3: RET is for failures; other notifications return the header alone.
                if (await writer.TryPrepareAsync(portion, queued.Attempt.Content, ReturnedPart.BriefHeader, cancellationToken) is { } notification)
                {
                    prepared.Add(notification);
                }
                else if (portion.Kind == NotificationKind.Delayed)
                {
                    QueueLog.NotificationWaits(
                        logger, portion.About.ToString(), portion.Recipients.Count, "the store cannot take it now; the next attempt tells of the delay");
                }
                else
                {
                    QueueLog.NotificationDropped(
                        logger, portion.About.ToString(), portion.Recipients.Count,
                        $"the store cannot take it now; it was of the kind {portion.Kind.ToString().ToLowerInvariant()}");
                }
            }
        }

        return prepared;
    }

    private RecipientSettlement Settle(
        QueuedAttempt queued, int index, bool isToldOfFailure, DeliveryLog log, DateTimeOffset next)
    {
        var attempt = queued.Attempt;
        var (seq, recipient) = (queued.SeqOf(index), attempt.Recipients[index]);
        switch (recipient.Outcome)
        {
            case DeliveryOutcome.Delivered delivered:
                log.Delivered(recipient.Envelope, delivered);
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);

            case DeliveryOutcome.Deferred(var failure) when queued.IsLast:
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
                TellListener(attempt, recipient.Envelope, failure);
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);
            }

            if (attempt.Mail.ReversePath.IsNull)
            {
                log.UndeliverableBounce(recipient.Envelope);
            }
            else if (!isToldOfFailure)
            {
                return new RecipientSettlement(seq, State: null, string.Empty, string.Empty);
            }

            return new RecipientSettlement(seq, state, failure.Status.ToString(), TextOf(failure));
        }
    }

    private void TellListener(DeliveryAttempt attempt, RcptTo recipient, DeliveryFailure failure)
    {
        try
        {
            ReportOutcomes?.Failed(recipient.Mailbox.ToString(), TextOf(failure));
        }
#pragma warning disable CA1031 // A listener's fault must not cost what the attempt came to: the other recipients would get a second copy.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            QueueLog.AttemptFaulted(logger, fault, attempt.QueueId, attempt.Destination.Key);
        }
    }

    private static string TextOf(DeliveryFailure failure) => failure.Reply?.ToString() ?? failure.Text;
}
