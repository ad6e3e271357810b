using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>What a transaction came to for one recipient.</summary>
/// <param name="Reply">The reply that decides: to RCPT when it was refused, else to MAIL, DATA or the final dot. Null
/// when the session broke before there was one.</param>
/// <param name="Stage">The step that <paramref name="Reply"/> answered.</param>
public readonly record struct RecipientResult(Reply? Reply, SmtpStage Stage);
