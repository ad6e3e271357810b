using System.Globalization;
using Relay.Mail;
using Relay.Smtp.Client;

namespace Relay.Delivery.Transport;

/// <summary>
/// The one place that decides what a reply or a fault means. By scope, narrowest first:
/// <list type="bullet">
/// <item>Recipient. A refusal of RCPT is about that recipient: 4yz defers, 5yz bounces.</item>
/// <item>Number of recipients. 452 and 552 without an enhanced code, 452 with one that is not about the mailbox, and X.5.3
/// behind any code mean "enough for one transaction" (RFC 5321 §4.5.3.1.10, RFC 3463 §3.6): the rest is sent again at once
/// where the message was taken for some, else deferred. Only 5yz 5.5.3 for the first recipients of a session bounces, for they
/// cannot be too many; 552 does not even then. 552 with any other code, 5.2.2 above all, is about the mailbox or the message.</item>
/// <item>Message. A refusal of MAIL with 5yz, and any refusal of DATA or of the final dot, is about the message and
/// ends the attempt for those concerned: 4yz defers, 5yz bounces. No other host is asked to overrule it.</item>
/// <item>Host. A refusal of MAIL with 4yz, and 421 before the content, are about the host's present state: the next
/// host is tried. So is 530 in clear: it asks for TLS that could not be had, which is never the sender's fault.</item>
/// <item>Address. No connection, a greeting or EHLO refused with 4yz or 5yz (RFC 5321 §3.1: 554 says that this is no
/// SMTP service, not that the mailbox is bad), TLS below the demand, and a session that breaks before the final dot:
/// the next address is tried, then the next host.</item>
/// <item>Uncertain. A session that breaks after the final dot may have delivered: deferred, and not tried elsewhere at
/// once, so that at most one duplicate can arise (RFC 5321 §4.5.3.2.6).</item>
/// <item>Ours. Content that cannot be read here defers; no peer can help.</item>
/// </list>
/// What is left when all hosts are used up is deferred, unless every host was asked and each found the message itself
/// unfit (<see cref="RequiredExtensions"/>), which bounces.
/// </summary>
internal static class FailurePolicy
{
    /// <summary>Judges what a transaction came to for one recipient.</summary>
    /// <param name="result">Its result.</param>
    /// <param name="fault">What broke the session, if it broke.</param>
    /// <param name="hop">Where.</param>
    /// <param name="taken">Whom the host has taken on this connection besides.</param>
    public static NextStep Judge(RecipientResult result, SessionFault? fault, HopFacts hop, RecipientsTaken taken) =>
        result.Reply is { } reply ? Judge(reply, result.Stage, hop, taken) : Judge(fault, hop);

    /// <summary>The greeting or EHLO was refused, or the session broke there.</summary>
    public static DeliveryFailure Unavailable(StepResult step, HopFacts hop)
    {
        if (step.Fault is { } fault && step.Reply is not { IsTransient: true } and not { IsPermanent: true })
        {
            return Broken(fault, hop);
        }

        // 421 ends the session too; what it says is worth more than that it ended.
        var status = step.Reply is { Status: { Class: 4 } given } ? given : new EnhancedStatusCode(4, 3, 2);
        return new(FailureReason.MxReply, status, $"{Place(hop)} is not available: {step.Reply}")
        {
            Reply = step.Reply,
            Hop = hop,
        };
    }

    /// <summary>TLS fell short of the demand. Always transient, whatever the server's reply: an attacker can cause it
    /// (RFC 8461 §5).</summary>
    public static DeliveryFailure TlsShortfall(string reason, string detail, HopFacts hop, Reply? reply = null)
    {
        var status = reason is FailureReason.StartTlsMissing or FailureReason.StartTlsRefused
            ? new EnhancedStatusCode(4, 7, 10)
            : new EnhancedStatusCode(4, 7, 5);
        return new(reason, status, $"{Place(hop)}: {detail}") { Reply = reply, Hop = hop };
    }

    /// <summary>We could not authenticate. Always transient, also after 535: the sender can do nothing about our password.</summary>
    public static DeliveryFailure AuthFailed(string detail, HopFacts hop, Reply? reply = null) =>
        new(FailureReason.AuthFailed, new(4, 7, 0), $"{Place(hop)}: {detail}") { Reply = reply, Hop = hop };

    /// <summary>No connection could be made.</summary>
    public static DeliveryFailure Unreachable(HopFacts hop, string reason, string detail) =>
        new(reason, new(4, 4, 1), $"{Place(hop)}: {detail}") { Hop = hop };

    /// <summary>The session broke before it came to the recipient.</summary>
    public static DeliveryFailure Broken(SessionFault fault, HopFacts hop)
    {
        var (reason, status) = fault.Kind switch
        {
            SessionFaultKind.ConnectionLost => (FailureReason.ConnectionLost, new EnhancedStatusCode(4, 4, 2)),
            SessionFaultKind.TimedOut => (FailureReason.TimedOut, new EnhancedStatusCode(4, 4, 2)),
            SessionFaultKind.HandshakeFailed => (FailureReason.HandshakeFailed, new EnhancedStatusCode(4, 7, 5)),
            _ => (FailureReason.ProtocolViolation, new EnhancedStatusCode(4, 5, 0)),
        };
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{Place(hop)}: {reason} at {fault.Stage.ToString().ToLowerInvariant()}: {fault.Detail}");
        return new(reason, status, text) { Hop = hop };
    }

    /// <summary>A pooled session that its server gave up before it said anything about this message: no failure, a
    /// fresh connection is due (RFC 5321 §3.8).</summary>
    public static bool IsStale(TransactionResult result)
    {
        foreach (var recipient in result.Recipients)
        {
            if (recipient.Reply is { } reply && (reply.Code != 421 || recipient.Stage > SmtpStage.Mail))
            {
                return false;
            }
        }

        return result.Fault is { Kind: SessionFaultKind.ConnectionLost, Stage: not SmtpStage.EndOfData };
    }

    private static NextStep Judge(Reply reply, SmtpStage stage, HopFacts hop, RecipientsTaken taken)
    {
        // RFC 5321 §4.2.1: the code alone decides, in doubt its first digit.
        if (reply.IsPositive && stage == SmtpStage.EndOfData)
        {
            return new NextStep.Settle(new DeliveryOutcome.Delivered(reply, hop));
        }

        if (stage < SmtpStage.EndOfData && reply.Code == 421)
        {
            // RFC 5321 §3.8: the server closes the channel; nothing was said about the message.
            return new NextStep.TryNextHost(Refused(reply, StatusOf(reply), hop));
        }

        if (stage < SmtpStage.Content && reply.Code == 530 && hop.Tls is null)
        {
            // RFC 3207 §4: 530 demands STARTTLS first. We are in clear because it was stripped, refused or failed.
            return new NextStep.TryNextHost(
                Refused(reply, new(4, 7, 10), hop) with { Reason = FailureReason.TlsDemanded });
        }

        if (stage == SmtpStage.Recipient && MeansTooMany(reply, taken))
        {
            var failure = Refused(reply, StatusOfTooMany(reply, taken), hop);
            return taken == RecipientsTaken.WithThisMessage ? new NextStep.SendAgain(failure) : Deferred(failure);
        }

        if (stage == SmtpStage.Mail && reply.IsTransient)
        {
            return new NextStep.TryNextHost(Refused(reply, StatusOf(reply), hop));
        }

        return reply.IsPermanent
            ? new NextStep.Settle(new DeliveryOutcome.Bounced(Refused(reply, StatusOf(reply), hop)))
            : Deferred(Refused(reply, reply.IsTransient ? StatusOf(reply) : new(4, 5, 0), hop));
    }

    private static bool MeansTooMany(Reply reply, RecipientsTaken taken) => reply switch
    {
        // RFC 3463 §3.6: X.5.3 should be answered by segmentation. A 5yz before any recipient was taken is about something else,
        // and its code decides; for 552 RFC 5321 §4.5.3.1.10 knows no such difference.
        { Status: { Subject: 5, Detail: 3 } } => reply.Code == 552 || reply.IsTransient || taken != RecipientsTaken.None,
        { Status.IsNone: true } => reply.Code is 452 or 552,
        // RFC 3463 §3.2, §3.3: what is said of an address or a mailbox will not change in the next transaction.
        { Code: 452, Status.Subject: not (1 or 2) } => true,
        _ => false,
    };

    private static EnhancedStatusCode StatusOfTooMany(Reply reply, RecipientsTaken taken) => reply switch
    {
        { Status.Class: 4 } => reply.Status,
        // RFC 5321 §4.2.3: what the bare codes say of the first recipients: insufficient storage, of the system or the mailbox.
        { Status.IsNone: true } when taken == RecipientsTaken.None => reply.Code == 452 ? new(4, 3, 1) : new(4, 2, 2),
        _ => new(4, 5, 3),
    };

    private static NextStep Judge(SessionFault? fault, HopFacts hop)
    {
        if (fault is null)
        {
            return Deferred(
                new(FailureReason.ProtocolViolation, new(4, 5, 0), $"{Place(hop)} gave no reply") { Hop = hop });
        }

        if (fault.Kind == SessionFaultKind.ContentUnavailable)
        {
            return Deferred(new(
                FailureReason.ContentUnavailable, new(4, 3, 0), $"the message could not be read: {fault.Detail}"));
        }

        var failure = Broken(fault, hop);
        return fault.Stage == SmtpStage.EndOfData
            ? Deferred(failure with { Reason = FailureReason.Uncertain, IsUncertain = true })
            : new NextStep.TryNextAddress(failure);
    }

    private static DeliveryFailure Refused(Reply reply, EnhancedStatusCode status, HopFacts hop) =>
        new(FailureReason.MxReply, status, $"{Place(hop)} said: {reply}") { Reply = reply, Hop = hop };

    private static EnhancedStatusCode StatusOf(Reply reply) => reply switch
    {
        { Status.IsNone: false } => reply.Status,
        // RFC 1870 §6.1, §6.2 and RFC 5321 §4.2.3: these codes mean the same with and without an enhanced code.
        { Code: 552 } => new(5, 3, 4),
        { Code: 452 } => new(4, 3, 1),
        { Code: 421 } => new(4, 3, 2),
        _ => new(reply.Code / 100, 0, 0),
    };

    private static NextStep.Settle Deferred(DeliveryFailure failure) => new(new DeliveryOutcome.Deferred(failure));

    private static string Place(HopFacts hop) => hop.Host.StartsWith('[') ? hop.Host : $"{hop.Host} [{hop.Address}]";
}
