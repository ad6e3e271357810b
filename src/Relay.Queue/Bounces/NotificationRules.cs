using Relay.Delivery;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>
/// Who is told what (RFC 3461 §5.2). Nobody is told of a message with the null reverse-path, which may itself be a notification
/// (§5.2, RFC 5321 §4.5.5), nor of a TLS report of ours.
/// </summary>
internal static class NotificationRules
{
    /// <summary>What is to be told of one recipient of an attempt; null for nothing.</summary>
    /// <param name="attempt">The attempt, all settled.</param>
    /// <param name="recipient">One of its recipients.</param>
    /// <param name="isLast">What the attempt deferred has failed for good.</param>
    /// <param name="isWarningDue">The message is late enough for a warning, and there was none about this recipient.</param>
    public static (NotificationKind Kind, NotifiedRecipient Recipient)? Judge(
        DeliveryAttempt attempt, AttemptRecipient recipient, bool isLast, bool isWarningDue)
    {
        if (attempt.IsTlsReport || attempt.Mail.ReversePath.IsNull)
        {
            return null;
        }

        var (envelope, notify) = (recipient.Envelope, recipient.Envelope.Notify);
        return recipient.Outcome switch
        {
            // §5.2.2: success was asked for, and the next hop will tell nothing.
            DeliveryOutcome.Delivered delivered when notify.HasFlag(DsnNotify.Success) && !delivered.Hop.SpeaksDsn =>
                (NotificationKind.Relayed, NotifiedRecipient.Relayed(envelope, delivered)),
            DeliveryOutcome.Bounced(var failure) when IsDue(notify, DsnNotify.Failure) =>
                (NotificationKind.Failed, NotifiedRecipient.Failed(envelope, failure)),
            DeliveryOutcome.Deferred(var failure) when isLast && IsDue(notify, DsnNotify.Failure) =>
                (NotificationKind.Failed, NotifiedRecipient.Failed(envelope, failure)),
            DeliveryOutcome.Deferred(var failure) when !isLast && isWarningDue && IsDue(notify, DsnNotify.Delay) =>
                (NotificationKind.Delayed, NotifiedRecipient.Delayed(envelope, failure)),
            _ => null,
        };
    }

    /// <summary>RFC 3461 §4.1, §5.2.5, §5.2.6: asked for, or nothing said.</summary>
    public static bool IsDue(DsnNotify notify, DsnNotify word) => notify == DsnNotify.None || notify.HasFlag(word);
}
