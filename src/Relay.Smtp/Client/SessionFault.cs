namespace Relay.Smtp.Client;

/// <summary>Why a session cannot go on. It has been or is to be closed; nothing more is sent on it.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Stage">In which step.</param>
/// <param name="Detail">For people: what was seen, without line ends.</param>
public sealed record SessionFault(SessionFaultKind Kind, SmtpStage Stage, string Detail);
