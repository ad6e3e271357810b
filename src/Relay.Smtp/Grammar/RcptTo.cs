using Relay.Mail;

namespace Relay.Smtp.Grammar;

/// <summary>A RCPT command: the forward-path's mailbox and its parameters (RFC 5321 §4.1.1.3). Source routes are
/// already stripped (RFC 5321 §3.6.1).</summary>
/// <param name="Mailbox">The recipient.</param>
public sealed record RcptTo(Mailbox Mailbox)
{
    /// <summary>NOTIFY (RFC 3461 §4.1).</summary>
    public DsnNotify Notify { get; init; }

    /// <summary>ORCPT as given: <c>type;xtext</c>; null when not given (RFC 3461 §4.2).</summary>
    public string? OriginalRecipient { get; init; }
}
