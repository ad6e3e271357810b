using Relay.Smtp.Grammar;

namespace Relay.Reception;

/// <summary>The envelope of a message being received.</summary>
/// <param name="Mail">Reverse-path and parameters.</param>
/// <param name="Recipients">At least one.</param>
/// <param name="Time">When its content began to arrive, UTC.</param>
internal sealed record Transaction(MailFrom Mail, IReadOnlyList<RcptTo> Recipients, DateTimeOffset Time);
