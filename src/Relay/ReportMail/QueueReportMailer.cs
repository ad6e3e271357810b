using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Relay.Mail;
using Relay.Queue;
using Relay.Smtp.Grammar;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Sending;

namespace Relay.ReportMail;

/// <summary>Mails reports through the relay's own queue (RFC 8460 §5.3), one message for each destination.</summary>
internal sealed class QueueReportMailer(ReportMailComposer mail, IMailQueue queue, TimeProvider clock) : IReportMailer
{
    /// <inheritdoc/>
    public bool CanSend => CannotSendReason.Length == 0;

    /// <inheritdoc/>
    public string CannotSendReason => mail.CannotSendReason;

    /// <inheritdoc/>
    public async ValueTask<ReportDispatch> SendAsync(
        TlsReportDocument report, string mailbox, string dispatchKey, CancellationToken cancellationToken)
    {
        if (!CanSend)
        {
            return new ReportDispatch.TryLater(CannotSendReason, null);
        }

        if (!TryRead(mailbox, out var recipient))
        {
            return new ReportDispatch.Refused($"\"{mailbox}\" is no mailbox in ASCII");
        }

        if (!TryRead(mail.ReversePathOf(report), out var sender))
        {
            return new ReportDispatch.TryLater($"TlsRpt:From: \"{mail.ReversePathOf(report)}\" is no mailbox in ASCII", null);
        }

        // RFC 5321 §4.5.5: the reverse-path is a real one, for no standard asks for the null path here.
        var envelope = new QueuedEnvelope(
            queue.NextId(), new MailFrom(new ReversePath(sender)), [new RcptTo(recipient)], clock.GetUtcNow())
        {
            ReportKey = dispatchKey,
        };
#pragma warning disable CA2000 // The queue takes the content over, whatever it answers.
        var content = new MessageOctets(mail.Write(report, recipient.ToString()));
#pragma warning restore CA2000
        return await queue.EnqueueAsync(envelope, content, cancellationToken) switch
        {
            EnqueueResult.Stored => new ReportDispatch.Accepted($"queue={envelope.Id}"),
            EnqueueResult.StoredBefore => new ReportDispatch.Accepted("queued before"),
            EnqueueResult.Full => new ReportDispatch.TryLater("the queue is full", null),
            EnqueueResult.StoreUnavailable => new ReportDispatch.TryLater("the queue cannot be written", null),
            _ => throw new UnreachableException(),
        };
    }

    // What is ASCII stays as it is, for suppression knows the mailbox so; else the domain becomes A-labels. A local part beyond ASCII would need SMTPUTF8 all the way, and header fields in UTF-8.
    private static bool TryRead(string text, [NotNullWhen(true)] out Mailbox? mailbox)
    {
        var at = text.LastIndexOf('@');
        mailbox = null;
        return at > 0
            && Ascii.IsValid(text.AsSpan(0, at))
            && DomainName.TryParse(text[(at + 1)..], out var domain)
            && Mailbox.TryParse(Encoding.ASCII.GetBytes(Ascii.IsValid(text) ? text : $"{text[..at]}@{domain}"), out mailbox);
    }
}
