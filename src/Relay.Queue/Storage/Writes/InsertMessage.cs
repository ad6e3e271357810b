using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>Puts an accepted message into the store; with a big one, after its pieces were staged.</summary>
internal sealed class InsertMessage(QueuedEnvelope envelope, IReadOnlyList<string> destinations, ContentFacts content)
    : WriteOperation
{
    // Longer than a report may stay queued, and than any outbox asks again.
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(2);

    /// <summary>A report with this key was stored before, so that nothing was written. Valid once the operation is done.</summary>
    public bool IsRepeated { get; private set; }

    /// <summary>
    /// Already stored is as good as stored now. For what is written again until it succeeds: a commit that was reported as failed
    /// may have reached the disk all the same.
    /// </summary>
    public bool MayRepeat { get; init; }

    /// <inheritdoc/>
    public override int Octets => content.Head.Length;

    /// <inheritdoc/>
    public override void Execute(WriteStatements statements)
    {
        var id = envelope.Id.Value;
        var mail = envelope.Mail;
        if (envelope.ReportKey is { } key)
        {
            statements.ForgetReports((envelope.ReceivedAt - KeyLifetime).ToUnixTimeMilliseconds());
            IsRepeated = !statements.TryInsertReport(id, key, envelope.ReceivedAt.ToUnixTimeMilliseconds());
            if (IsRepeated)
            {
                return;
            }
        }

        object receivedAt = envelope.ReceivedAt.ToUnixTimeMilliseconds();

        // The size declared with SIZE is not kept: what is relayed declares the content's own.
        var isStored = statements.TryInsertMessage(
            MayRepeat,
            id, receivedAt, mail.ReversePath.Mailbox?.ToString() ?? string.Empty, (long)mail.Body, mail.SmtpUtf8 ? 1L : 0L,
            (long)mail.Return, mail.EnvelopeId, mail.Auth, content.IsEightBit ? 1L : 0L, content.Octets, content.Head);
        if (!isStored)
        {
            return;
        }

        object isNullPath = mail.ReversePath.IsNull ? 1L : 0L;
        for (var seq = 0; seq < destinations.Count; seq++)
        {
            var recipient = envelope.Recipients[seq];
            statements.InsertRecipient(
                id, (long)seq, destinations[seq], receivedAt, recipient.Mailbox.ToString(), (long)recipient.Notify,
                recipient.OriginalRecipient, isNullPath);
        }

        if (content.IsStaged)
        {
            statements.Unstage(id);
        }

        statements.ReserveIds(id);
    }
}
