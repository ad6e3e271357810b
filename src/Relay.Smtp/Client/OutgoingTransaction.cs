using Relay.Smtp.Grammar;

namespace Relay.Smtp.Client;

/// <summary>One message to send in one transaction.</summary>
/// <param name="Mail">Reverse-path and parameters; what the server does not offer is left out (RFC 5321
/// §4.1.1.11).</param>
/// <param name="Recipients">At least one.</param>
/// <param name="Content">The message.</param>
public sealed record OutgoingTransaction(MailFrom Mail, IReadOnlyList<RcptTo> Recipients, MessageContent Content)
{
    /// <summary>
    /// Only a server with SMTPUTF8 may have it (RFC 6531 §3.2): an address has no ASCII form, or SMTPUTF8 was declared
    /// and there are octets above 127 to declare it for. A U-label alone does not count; it travels as an A-label.
    /// Sending such a transaction to another server throws <see cref="InvalidOperationException"/> when an address
    /// cannot be written.
    /// </summary>
    public bool NeedsSmtpUtf8 { get; } =
        (Mail.SmtpUtf8 && Content.IsEightBit)
        || (Mail.ReversePath.Mailbox is { } sender && sender.WithAsciiDomain().IsInternationalized)
        || Recipients.Any(recipient => recipient.Mailbox.WithAsciiDomain().IsInternationalized);
}
