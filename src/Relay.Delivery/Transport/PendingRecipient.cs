using Relay.Smtp.Grammar;

namespace Relay.Delivery.Transport;

/// <summary>A recipient that no host has decided on yet.</summary>
/// <param name="recipient">The recipient.</param>
/// <param name="toSend">Its RCPT as it is sent: with the domain in A-labels where that is enough (RFC 6531
/// §3.2).</param>
internal sealed class PendingRecipient(AttemptRecipient recipient, RcptTo toSend)
{
    public AttemptRecipient Recipient { get; } = recipient;

    public RcptTo ToSend { get; } = toSend;

    /// <summary>The last thing that stood in the way.</summary>
    public DeliveryFailure? Failure { get; private set; }

    /// <summary>
    /// Notes an obstacle. A temporary one wins over a permanent one of another host, for that host may yet do.
    /// </summary>
    public void Note(DeliveryFailure failure)
    {
        if (Failure is null || failure.Status.Class == 4 || Failure.Status.Class == 5)
        {
            Failure = failure;
        }
    }
}
