using Relay.Smtp.Grammar;

namespace Relay.Smtp.Client;

/// <summary>One message to send in one transaction.</summary>
/// <param name="Mail">Reverse-path and parameters; what the server does not offer is left out (RFC 5321 §4.1.1.3).</param>
/// <param name="Recipients">At least one.</param>
/// <param name="Content">The message.</param>
public sealed record OutgoingTransaction(MailFrom Mail, IReadOnlyList<RcptTo> Recipients, MessageContent Content);
