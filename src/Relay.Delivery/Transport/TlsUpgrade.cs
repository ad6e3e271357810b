using Relay.Smtp.Client;

namespace Relay.Delivery.Transport;

/// <summary>What STARTTLS came to. With neither fault nor TLS on the connection it was refused, and the connection is usable in clear.</summary>
/// <param name="Step">The last step: EHLO inside TLS, or the refusal.</param>
/// <param name="Fault">The handshake failed, or never came to be; null otherwise.</param>
internal readonly record struct TlsUpgrade(StepResult Step, SessionFault? Fault);
