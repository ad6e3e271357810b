using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>What a step of a session came to: the server's last reply, or the fault that broke the session.</summary>
/// <param name="Reply">The reply that decides: the greeting when it refused, else to EHLO, HELO or STARTTLS; null when
/// the session broke before it, or when nothing needed to be sent.</param>
/// <param name="Stage">The step reached.</param>
/// <param name="Fault">Why the session broke; null when it can go on.</param>
public readonly record struct StepResult(Reply? Reply, SmtpStage Stage, SessionFault? Fault)
{
    /// <summary>The step was done and the server agreed.</summary>
    public bool Succeeded => Fault is null && Reply is { IsPositive: true };
}
